/** What `npm run dev` promises: an edit of the panel shows on the open page, and one stream goes on. */
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guard } from './driver/guard.ts';
import type { BrowserName, TestPage } from './driver/test-browser.ts';
import { waitFor } from './driver/wait-for.ts';
import { BROWSERS, startTidings, type Tidings, waitForRow } from './tidings.ts';

/** What the development server builds the extension from. */
const SOURCES = ['entrypoints', 'locales', 'package.json', 'public', 'tsconfig.json', 'utils', 'wxt.config.ts'];

/** As scripts/dev.ts does, without a browser: the test brings its own. */
const serverScript = (target: string): string => `
  import { createServer } from 'wxt';
  const server = await createServer({
    browser: '${target}',
    webExt: { disabled: true },
    dev: { server: { port: 0 } },
    // The default is in node_modules, which another development server may be using.
    vite: () => ({ cacheDir: '.vite' }),
  });
  await server.start();
  console.log('The server waits for edits');`;

interface DevServer {
  extensionDir: string;
  /** Replaces all of `from` in a source file. @throws {Error} when there is none */
  edit(file: string, from: string, to: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts the development server on a copy of the project: no edit of a test touches the sources. */
async function startDevServer(name: BrowserName): Promise<DevServer> {
  const target = name === 'chromium' ? 'chrome' : 'firefox';
  const folder = await mkdtemp(join(tmpdir(), 'tidings-dev-'));
  await Promise.all(SOURCES.map((source) => cp(source, join(folder, source), { recursive: true })));
  await symlink(resolve('node_modules'), join(folder, 'node_modules'));
  const child = spawn(process.execPath, ['--input-type=module', '--eval', serverScript(target)], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: 'development', NO_COLOR: '1' },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid === undefined) throw new Error('Cannot start the development server: it has no process');
  const close = guard(child.pid, folder);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  }
  const look = (): boolean => {
    if (!said.includes('The server waits for edits')) throw new Error(said);
    return true;
  };
  await waitFor('the development server', look, { limitMs: 60_000 }).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    extensionDir: join(folder, '.output', `${target}-mv3-dev-server`),
    async edit(file, from, to) {
      const path = join(folder, file);
      const text = await readFile(path, 'utf8');
      if (!text.includes(from)) throw new Error(`Cannot edit "${file}": it has no ${from}`);
      await writeFile(path, text.replaceAll(from, to));
    },
    close,
  };
}

interface Edit {
  of: string;
  file: string;
  from: string;
  to: string;
  /** Whether the panel shows it. */
  shows(root: ShadowRoot): boolean;
}

// In this order on one page: the first reload is the first of its background, the second is not.
const EDITS: readonly Edit[] = [
  {
    of: 'script',
    file: 'utils/ui/panel.ts',
    from: "t('extension.name')",
    to: "'Edited'",
    shows: (root) => root.querySelector<HTMLElement>('.title')?.dataset['text'] === 'Edited',
  },
  {
    of: 'style sheet',
    file: 'utils/ui/panel.css',
    from: '.header {',
    to: '.header { outline-offset: 7px;',
    shows: (root) => getComputedStyle(root.querySelector('.header') ?? root.host).outlineOffset === '7px',
  },
];

describe.each(BROWSERS)('hot reload in %s', (name) => {
  let server: DevServer;
  let tidings: Tidings;
  let page: TestPage;
  beforeAll(async () => {
    server = await startDevServer(name);
    tidings = await startTidings(name, { build: 'development', extensionDir: server.extensionDir });
    page = await tidings.open();
    await page.evaluate(() => void Object.assign(window, { sameDocument: true }));
  });
  afterAll(async () => {
    await tidings?.close();
    await server?.close();
  });

  test.each(EDITS)('an edit of the $of of the panel shows on the open page, with one stream', async (edit) => {
    await waitForRow(page, 'Open streams', ({ state, value }) => state === 'live' && value === '1');
    expect(await page.inShadow(edit.shows)).toBe(false);

    await server.edit(edit.file, edit.from, edit.to);
    await waitFor('the edit', () => page.inShadow(edit.shows), { limitMs: 30_000 });

    // A second stream could be slower than the first: the background's clock has to go on before they are counted.
    const { value } = await waitForRow(page, 'Background uptime', ({ state }) => state === 'live');
    await waitForRow(page, 'Background uptime', (row) => row.state === 'live' && row.value !== value);
    await waitForRow(page, 'Open streams', (row) => row.state === 'live' && row.value === '1');
    expect(await page.evaluate(() => document.querySelectorAll('[data-tidings-panel]').length)).toBe(1);
    expect(await page.evaluate(() => 'sameDocument' in window)).toBe(true);
  });

  test('the popup has its styles and its values under the policy of the server', async () => {
    const popup = await tidings.browser.extension.openPage('popup.html');
    await popup.waitFor('the values', () => document.querySelector('.values .feed') !== null);
    await popup.waitFor('the styles', () => getComputedStyle(document.body).display === 'flex');
    await popup.close();
  });
});
