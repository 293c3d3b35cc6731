import type { Marionette } from './marionette.ts';
import { functionSource } from './page-function.ts';
import type { PageFunction } from './test-browser.ts';

/** Ways to run a function in Firefox. */
export interface FirefoxScripts {
  /** In a tab, with the page's globals. */
  inPage<Args extends unknown[], Result>(
    handle: string,
    fn: PageFunction<Args, Result>,
    ...args: Args
  ): Promise<Awaited<Result>>;
  /** In a tab, with the rights of the browser: sees closed shadow roots. `content` is not needed, `document` is the page's. */
  inPrivilegedPage<Args extends unknown[], Result>(
    handle: string,
    fn: PageFunction<Args, Result>,
    ...args: Args
  ): Promise<Awaited<Result>>;
  /** In the browser itself, with all its rights. */
  inChrome<Args extends unknown[], Result>(fn: PageFunction<Args, Result>, ...args: Args): Promise<Awaited<Result>>;
}

// `arguments` are the JSON text of the arguments and Marionette's callback.
const SCRIPT = (source: string): string => `
  const [json, done] = arguments;
  (async () => (${source})(...JSON.parse(json)))().then(
    (value) => done({ value: JSON.stringify(value ?? null) }),
    (error) => done({ error: String(error?.stack ? error + "\\n" + error.stack : error) }),
  );`;

/** The scripts of one session. */
export function createFirefoxScripts(marionette: Marionette): FirefoxScripts {
  async function execute(source: string, args: readonly unknown[], sandbox: string | null): Promise<unknown> {
    const answer = (await marionette.send('WebDriver:ExecuteAsyncScript', {
      script: SCRIPT(source),
      args: [JSON.stringify(args)],
      sandbox,
      newSandbox: true,
    })) as { value: { value?: string; error?: string } | null };
    if (answer.value === null) throw new Error('Cannot run the script: its document went away meanwhile');
    if (answer.value.error !== undefined) throw new Error(answer.value.error);
    return JSON.parse(answer.value.value ?? 'null') as unknown;
  }

  function inTab(handle: string, source: string, args: readonly unknown[], sandbox: string | null): Promise<unknown> {
    return marionette.exclusively(async () => {
      await marionette.send('WebDriver:SwitchToWindow', { handle, focus: false });
      return execute(source, args, sandbox);
    });
  }

  return {
    inPage: (handle, fn, ...args) => inTab(handle, functionSource(fn), args, null) as never,
    inPrivilegedPage: (handle, fn, ...args) => inTab(handle, functionSource(fn), args, 'system') as never,
    inChrome: (fn, ...args) =>
      marionette.exclusively(async () => {
        await marionette.send('Marionette:SetContext', { value: 'chrome' });
        try {
          return await execute(functionSource(fn), args, 'system');
        } finally {
          await marionette.send('Marionette:SetContext', { value: 'content' });
        }
      }) as never,
  };
}
