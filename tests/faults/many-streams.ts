/** More streams than anybody has windows for, in one page of the extension: no panel is drawn, so that what is seen is the stream. */
import { fileURLToPath } from 'node:url';
import { build, type Rolldown } from 'vite';
import type { TestPage } from '../browser/driver/test-browser.ts';
import { openRawPage } from './raw-ports.ts';
import type * as streamsInPage from './streams-in-page.ts';
import type { World } from './world.ts';

/** Runs before the background: takes the name of the document from each port, of which four may have the same. */
export const WITHOUT_DOCUMENTS = `for (const api of [globalThis.browser, globalThis.chrome]) {
  const onConnect = api?.runtime?.onConnect;
  if (!onConnect) continue;
  const add = onConnect.addListener.bind(onConnect);
  onConnect.addListener = (listener) =>
    add((port) => {
      Object.defineProperty(port, 'sender', { value: { ...port.sender, documentId: undefined } });
      listener(port);
    });
}`;

async function bundle(): Promise<string> {
  const entry = fileURLToPath(new URL('streams-in-page.ts', import.meta.url));
  const [output] = (await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, target: 'chrome122', lib: { entry, formats: ['iife'], name: 'streams' } },
  })) as Rolldown.RolldownOutput[];
  const code = output?.output[0].code;
  if (!code) throw new Error('Cannot build the streams: nothing came of it');
  return code;
}

export interface ManyStreams {
  open(count: number): Promise<void>;
  /** When each stream that is live became so, epoch ms. */
  liveTimes(): Promise<number[]>;
}

interface StreamsWindow extends Window {
  streams: typeof streamsInPage;
}

/** Opens a page for them. The background must run {@link WITHOUT_DOCUMENTS}. */
export async function openManyStreams(world: World): Promise<ManyStreams> {
  const page: TestPage = await openRawPage(world);
  await page.evaluate(`() => { ${await bundle()}\nObject.assign(window, { streams }); }`);
  return {
    open: (count) =>
      page.evaluate((wanted: number) => {
        const { streams } = window as unknown as StreamsWindow;
        for (let opened = 0; opened < wanted; opened += 1) streams.openStream();
      }, count),
    liveTimes: () =>
      page.evaluate(() => (window as unknown as StreamsWindow).streams.liveAt.filter((at) => at !== null)),
  };
}
