import type { TestPage } from '../browser/driver/test-browser.ts';

/** Instrument of the content script: opens as many silent ports as the page asks for, and counts those that stay. */
export const TAKE_PORTS = `{
  const { runtime } = globalThis.browser?.runtime ? globalThis.browser : globalThis.chrome;
  const { dataset } = document.documentElement;
  const open = new Set();
  const tell = () => { dataset.portsOpen = String(open.size); };
  document.addEventListener('tidings-take-ports', () => {
    for (let left = Number(dataset.portsWanted); left > 0; left -= 1) {
      const port = runtime.connect({ name: 'updates' });
      open.add(port);
      port.onDisconnect.addListener(() => {
        open.delete(port);
        tell();
      });
    }
    tell();
  });
}`;

/** Opens so many ports from the content script of a page. Needs {@link TAKE_PORTS}. */
export const takePorts = (page: TestPage, count: number): Promise<void> =>
  page.evaluate((wanted: number) => {
    document.documentElement.dataset['portsWanted'] = String(wanted);
    document.dispatchEvent(new Event('tidings-take-ports'));
  }, count);

/** How many of them are open. */
export const portsTaken = (page: TestPage): Promise<number> =>
  page.evaluate(() => Number(document.documentElement.dataset['portsOpen']));
