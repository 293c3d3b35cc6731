import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { launchBrowser } from '../browser/driver/launch-browser.ts';
import type { BrowserName, TestPage } from '../browser/driver/test-browser.ts';
import { waitFor } from '../browser/driver/wait-for.ts';
import type { Place, Reply, World } from './world.ts';
import { writeExtension } from './write-extension.ts';

// Long enough for what must not come: events of a port take under 50 ms in both browsers.
const WATCH_MS = 400;

/** A real browser as a {@link World}. `throws`: which starts of its background fail. */
export async function openBrowserWorld(
  flavour: BrowserName,
  options: { throws?: 'always' | 'later' } = {},
): Promise<World> {
  const extensionDir = await writeExtension(flavour, options);
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(`<!doctype html><html lang="en"><title>${request.url === '/' ? 'Page' : 'Elsewhere'}</title>`);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await rm(extensionDir, { recursive: true, force: true });
  };
  const browser = await launchBrowser(flavour, { extensionDir }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  let names = 0;
  let commands = 0;

  async function openReady(): Promise<TestPage> {
    const page = await browser.open(`${origin}/`);
    await page.waitFor('content script', isReady);
    return page;
  }

  const control = await openReady();
  const placeOf = (page: TestPage, call: (page: TestPage, command: object) => Promise<Reply>): Place => ({
    run: (command) => call(page, command),
    async leave() {
      await page.navigate(`${origin}/elsewhere`);
      return flavour === 'chromium' || page.hasCachedBack();
    },
    comeBack: () => page.back(),
    freeze: () => page.freeze(),
    thaw: () => page.thaw(),
    close: () => page.close(),
  });

  return {
    flavour,
    openPage: async () => placeOf(await openReady(), (page, command) => page.evaluate(tellContentScript, command)),
    async openExtensionPage({ listens = false } = {}) {
      const opened = await browser.extension.openPage(`page.html${listens ? '#listens' : ''}`);
      await opened.waitFor('extension page', 'typeof place === "function"');
      return placeOf(
        opened,
        (page, command) => page.evaluate('(command) => place(command)', command) as Promise<Reply>,
      );
    },
    async openPopup() {
      await browser.extension.evaluateInBackground(
        '(globalThis.browser ?? globalThis.chrome).action.openPopup().then(() => null)',
      );
      // A tab in front takes the focus from the popup, which closes it.
      return async () => (await browser.open('about:blank')).close();
    },
    async background(command) {
      commands += 1;
      const id = commands;
      await control.evaluate(tellBackground, { id, command });
      const reply = await control.waitFor('answer of the background', takeReply, { args: [id], everyMs: 10 });
      if (reply.error !== undefined) throw new Error(reply.error);
      return reply.answer;
    },
    killBackground: () => browser.extension.killBackground(),
    async reloadExtension() {
      await browser.extension.reload();
      await delay(WATCH_MS);
      await control.reload();
      await control.waitFor('content script', isReady);
    },
    name: () => `port ${(names += 1)}`,
    until: waitFor,
    watch: () => delay(WATCH_MS),
    async close() {
      await browser.close();
      await stop();
    },
  };
}

const isReady = 'document.documentElement.dataset.conformance === "ready"';

/** Runs in the page. */
function tellContentScript(command: object): Reply {
  document.dispatchEvent(new CustomEvent('conformance-place', { detail: JSON.stringify(command) }));
  const reply = JSON.parse(document.documentElement.dataset['placeReply'] ?? '{}') as Reply & { error?: string };
  if (reply.error !== undefined) throw new Error(reply.error);
  return reply;
}

/** Runs in the page. */
function tellBackground(detail: object): void {
  document.dispatchEvent(new CustomEvent('conformance-background', { detail: JSON.stringify(detail) }));
}

/** Runs in the page. */
function takeReply(id: number): { answer: Reply; error?: string } {
  return JSON.parse(document.documentElement.dataset[`reply${id}`] ?? 'null') as { answer: Reply; error?: string };
}
