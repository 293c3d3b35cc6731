import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath, kill } from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeExtension } from '../../conformance/write-extension.ts';
import { explainMissing } from '../../../scripts/find-browser.mjs';
import { launchBrowser } from './launch-browser.ts';
import type { BrowserName, TestBrowser, TestPage } from './test-browser.ts';
import { waitFor } from './wait-for.ts';

const PAGE = `<!doctype html><html lang="en"><title>Page</title>
<script>addEventListener('pageshow', (event) => { window.persisted = event.persisted; });</script>
<input><button onclick="this.textContent = event.isTrusted ? 'clicked' : 'forged'">plain</button>`;

const isReady = 'document.documentElement.dataset.conformance === "ready"';

let server: Server;
let origin: string;
beforeAll(async () => {
  server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(PAGE);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const isAlive = (pid: number): boolean => {
  try {
    return kill(pid, 0);
  } catch {
    return false;
  }
};

for (const name of ['chromium', 'firefox'] as const satisfies BrowserName[]) {
  describe(`driver of ${name}`, () => {
    let extensionDir: string;
    let browser: TestBrowser;
    let page: TestPage;
    beforeAll(async () => {
      extensionDir = await writeExtension(name);
      browser = await launchBrowser(name, { extensionDir });
      page = await browser.open(`${origin}/`);
      await page.waitFor('content script', isReady);
    });
    afterAll(async () => {
      await browser.close();
      await rm(extensionDir, { recursive: true, force: true });
    });

    test('evaluate passes arguments and results, awaits promises and passes errors on', async () => {
      expect(await page.evaluate((a: number, b: string) => Promise.resolve([a, b, document.title]), 1, 'x')).toEqual([
        1,
        'x',
        'Page',
      ]);
      await expect(page.evaluate('nowhere.x')).rejects.toThrow('nowhere is not defined');
    });

    test('waitFor says what it waited for and what it saw last', async () => {
      await expect(page.waitFor('a miracle', '0', { limitMs: 100 })).rejects.toThrow(
        'Cannot see "a miracle" within 100 ms: last was 0',
      );
    });

    test('a closed shadow root is read and gets real input', async () => {
      expect(await page.evaluate('document.querySelector("conformance-panel").shadowRoot')).toBeNull();
      expect(await page.shadowText('p')).toBe('closed words');
      expect(await page.shadowText('em')).toBeNull();
      await page.shadowClick('button');
      expect(await page.shadowText('button')).toBe('1');
      await page.shadowClick('input');
      await page.type('héllo');
      await page.press('Shift+Home');
      await page.type('b');
      expect(await page.inShadow((root) => root.querySelector('input')?.value)).toBe('b');
    });

    test('click is trusted input', async () => {
      await page.click('button');
      expect(await page.evaluate('document.querySelector("button").textContent')).toBe('clicked');
    });

    test('hide and bringToFront change the visibility of the page', async () => {
      await page.hide();
      expect(await page.evaluate('document.visibilityState')).toBe('hidden');
      await page.bringToFront();
      expect(await page.evaluate('document.visibilityState')).toBe('visible');
    });

    test('back and forward go through the back/forward cache, reload does not', async () => {
      let isKept = false;
      for (let walks = 0; walks < 10 && !isKept; walks += 1) {
        await page.navigate(`${origin}/second`);
        isKept = name === 'chromium' || (await page.hasCachedBack());
        await page.back();
        expect(await page.evaluate('[location.pathname, window.persisted]')).toEqual(['/', isKept]);
      }
      expect(isKept).toBe(true);
      await page.forward();
      expect(await page.evaluate('location.pathname')).toBe('/second');
      await page.reload();
      expect(await page.evaluate('[location.pathname, window.persisted]')).toEqual(['/second', false]);
      expect(await page.url()).toBe(`${origin}/second`);
    });

    test('colour scheme, viewport and screenshot', async () => {
      const isDark = 'matchMedia("(prefers-color-scheme: dark)").matches';
      await browser.setColourScheme('dark');
      expect(await page.evaluate(isDark)).toBe(true);
      await browser.setColourScheme('light');
      expect(await page.evaluate(isDark)).toBe(false);
      await page.setViewport({ width: 700, height: 500 });
      expect(await page.evaluate('[innerWidth, innerHeight]')).toEqual([700, 500]);
      const file = join(await mkdtemp(join(tmpdir(), 'tidings-shot-')), 'page.png');
      await page.screenshot(file);
      const png = await readFile(file);
      expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([700, 500]);
      await rm(join(file, '..'), { recursive: true });
    });

    test('the background is evaluated, killed and started by a port', async () => {
      const { extension } = browser;
      const other = await extension.openPage('page.html');
      await other.waitFor('extension page', 'typeof place === "function"');
      expect(await other.url()).toBe(`${extension.origin}/page.html`);
      await other.evaluate('place({ op: "connect", name: "first" })');
      await waitFor('running background', () => extension.backgroundIsRunning());
      expect(await extension.evaluateInBackground((n: number) => [n, location.origin], 1)).toEqual([
        1,
        extension.origin,
      ]);
      await extension.killBackground();
      expect(await extension.backgroundIsRunning()).toBe(false);
      await expect(extension.evaluateInBackground('1')).rejects.toThrow('not running');
      await other.evaluate('place({ op: "connect", name: "second" })');
      await waitFor('running background', () => extension.backgroundIsRunning());
      await other.close();
    });

    test('the popup opens', async () => {
      await page.bringToFront();
      const popup = await browser.extension.openPopup();
      await popup.waitFor('popup', 'typeof place === "function"');
      expect(await popup.url()).toContain(`${browser.extension.origin}/page.html`);
      await popup.close();
    });

    test('a required host is revoked and granted', async () => {
      const { extension } = browser;
      expect(await extension.grantedOrigins()).toContain('http://localhost/*');
      await extension.revokeOrigin('http://localhost/*');
      const without = await extension.grantedOrigins();
      expect(without).not.toContain('http://localhost/*');
      expect(without).toContain('http://127.0.0.1/*');
      await extension.grantOrigin('http://localhost/*');
      expect(await extension.grantedOrigins()).toContain('http://localhost/*');
    });

    test('the extension is reloaded, disabled and enabled', async () => {
      const { extension } = browser;
      const hasContentScript = async (): Promise<boolean> => {
        await page.reload();
        return page.evaluate(isReady) as Promise<boolean>;
      };
      await extension.reload();
      await waitFor('content script', hasContentScript);
      await extension.disable();
      expect(await hasContentScript()).toBe(false);
      await extension.enable();
      await waitFor('content script', hasContentScript);
    });

    test('errors of page and content script are told', async () => {
      await page.evaluate('void setTimeout(() => { console.error("said aloud"); throw new Error("thrown by page"); })');
      const other = await browser.open(`${origin}/#throws`);
      await waitFor('errors', async () => {
        const errors = (await browser.errors()).join('\n');
        return ['said aloud', 'thrown by page', 'thrown on purpose'].every((text) => errors.includes(text));
      });
      await other.close();
    });

    test('an uninstalled extension is gone', async () => {
      await browser.extension.uninstall();
      await page.reload();
      expect(await page.evaluate(isReady)).toBe(false);
    });
  });

  test(`${name} and its profile go when the process that launched it is killed`, async () => {
    const extensionDir = await writeExtension(name);
    const source = `
      import { launchBrowser } from ${JSON.stringify(new URL('launch-browser.ts', import.meta.url).href)};
      const browser = await launchBrowser('${name}', { extensionDir: ${JSON.stringify(extensionDir)} });
      console.log(browser.pid);
      setInterval(() => {}, 1000);`;
    const child = spawn(execPath, ['--input-type=module', '--eval', source], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((resolve) => {
      child.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())));
    });
    const { stdout } = await promisify(execFile)('ps', ['-o', 'args=', '-p', String(pid)]);
    const profile = /\/\S*tidings-(?:chromium|firefox)-\w+/.exec(stdout)?.[0] ?? '';
    expect(existsSync(profile)).toBe(true);
    child.kill('SIGKILL');
    await waitFor('end of the browser', async () => !isAlive(pid) || (await isZombie(pid)));
    await waitFor('end of its profile', () => !existsSync(profile));
    await rm(extensionDir, { recursive: true, force: true });
  });
}

/** Dead, but its new parent has not looked yet: so it stays in a container whose first process never looks. */
async function isZombie(pid: number): Promise<boolean> {
  return (await readFile(`/proc/${pid}/stat`, 'utf8')).includes(') Z ');
}

test.each(['chromium', 'firefox'] as const)('%s that is not there is named with what to do', async (name) => {
  const variable = `TIDINGS_${name.toUpperCase()}`;
  const before = process.env[variable];
  process.env[variable] = '/nowhere';
  try {
    await expect(launchBrowser(name, { extensionDir: '/' })).rejects.toThrow(explainMissing(name));
    expect(explainMissing(name)).toContain('/nowhere');
  } finally {
    if (before === undefined) delete process.env[variable];
    else process.env[variable] = before;
  }
});
