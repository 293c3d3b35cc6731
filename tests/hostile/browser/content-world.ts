/** What a renderer has that was taken over: code of its own in the world of the content script. */
import type { TestBrowser } from '../../browser/driver/test-browser.ts';
import { functionSource } from '../../browser/driver/page-function.ts';

/** Runs `fn` in the content script's world of the tab at `url`; a promise is awaited, and what it throws comes back as text. */
export function runInContentWorld<Args extends unknown[], Result>(
  { extension }: TestBrowser,
  url: string,
  fn: (...args: Args) => Result,
  ...args: Args
): Promise<Awaited<Result> | string> {
  return extension.evaluateInBackground(
    `async (url, args) => {
      const api = globalThis.browser?.scripting ? globalThis.browser : globalThis.chrome;
      const tab = (await api.tabs.query({})).find((one) => one.url === url);
      const func = (...args) =>
        Promise.resolve()
          .then(() => (${functionSource(fn)})(...args))
          .catch(String);
      const [frame] = await api.scripting.executeScript({ target: { tabId: tab.id }, func, args });
      return frame.result;
    }`,
    url,
    args,
  ) as Promise<Awaited<Result> | string>;
}

/**
 * One step of a conversation by a port: a message is sent, a text is the type of a message that is waited for. What has the
 * type `runtime.sendMessage` sends its `message` beside the port.
 */
export type Step = { type: string; [field: string]: unknown } | string;

export interface Said {
  heard: { type: string; [field: string]: unknown }[];
  /** Whether the other end closed the port. */
  isClosed: boolean;
}

/** Runs in the content script's world: opens a port, does the steps and closes it. Ends early when the other end closes it. */
export function talk(name: string, steps: readonly Step[]): Promise<Said> {
  const { runtime } = (globalThis as unknown as { chrome: { runtime: Runtime } }).chrome;
  interface Runtime {
    lastError?: unknown;
    sendMessage(message: unknown): Promise<unknown>;
    connect(info: { name: string }): {
      postMessage(message: unknown): void;
      disconnect(): void;
      onMessage: { addListener(listener: (message: Said['heard'][number]) => void): void };
      onDisconnect: { addListener(listener: () => void): void };
    };
  }
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`heard only ${JSON.stringify(heard).slice(0, 500)}`)), 20_000);
    const heard: Said['heard'] = [];
    const left = [...steps];
    const port = runtime.connect({ name });
    const end = (isClosed: boolean): void => {
      clearTimeout(limit);
      void runtime.lastError;
      resolve({ heard, isClosed });
    };
    const go = (): void => {
      for (let step = left[0]; step !== undefined; step = left[0]) {
        if (typeof step === 'string') return;
        left.shift();
        if (step.type === 'runtime.sendMessage') runtime.sendMessage(step['message']).catch(() => undefined);
        else port.postMessage(step);
      }
      port.disconnect();
      end(false);
    };
    port.onMessage.addListener((message) => {
      heard.push(message);
      if (message.type !== left[0]) return;
      left.shift();
      go();
    });
    port.onDisconnect.addListener(() => end(true));
    go();
  });
}
