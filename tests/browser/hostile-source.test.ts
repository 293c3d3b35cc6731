/** Sources that send what nobody asked for, while a good one goes on beside them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type HostileSource,
  MARKUP,
  REDIRECT_NAMES,
  SCRIPT_ADDRESS,
  startHostileSource,
} from '../hostile/browser/start-hostile-source.ts';
import { waitFor } from './driver/wait-for.ts';
import { BROWSERS, type ShownRow, shownRows, waitForRow } from './tidings.ts';

const LIMIT_MS = 30_000;
const MIB = 1024 * 1024;

describe.each(BROWSERS)('a hostile source in %s', (name) => {
  let hostile: HostileSource;
  beforeAll(async () => {
    hostile = await startHostileSource(name);
    await waitForRow(hostile.page, 'Good', ({ state }) => state === 'live', LIMIT_MS);
    // Says why each feed is in its state.
    await hostile.page.inShadow((root: ShadowRoot) => {
      for (const button of root.querySelectorAll<HTMLButtonElement>('.more')) button.click();
    });
  });
  afterAll(() => hostile?.close());

  const until = (feed: string, fits: (row: ShownRow) => boolean): Promise<ShownRow> =>
    waitForRow(hostile.page, feed, fits, LIMIT_MS);
  const leaks = (): string[] => hostile.server.requests.filter((path) => path.startsWith('/leak'));
  const asked = (path: string): number => hostile.server.requests.filter((one) => one.startsWith(path)).length;

  test('markup and script addresses are shown as the text they are', async () => {
    await until('Markup', ({ value }) => value === MARKUP);
    await until('Script', ({ value }) => value === SCRIPT_ADDRESS);
    const made = await hostile.page.inShadows(
      (roots: ShadowRoot[]) =>
        roots.flatMap((root) => [...root.querySelectorAll('img, script, b, a, iframe, object, [href], [onerror]')])
          .length,
    );
    expect(made).toBe(0);
    const popup = await hostile.tidings.browser.extension.openPage('popup.html');
    await popup.waitFor('the markup as text', () =>
      [...document.querySelectorAll('.value')].some(({ textContent }) => textContent?.startsWith('<img')),
    );
    expect(await popup.evaluate(() => document.querySelectorAll('.value *').length)).toBe(0);
    await popup.close();
    await hostile.page.bringToFront();
    expect(leaks()).toEqual([]);
  });

  test.each(REDIRECT_NAMES)('a redirect to %s gives no value', async (to) => {
    const row = await until(`To ${to}`, ({ state }) => state === 'blocked' || state === 'retrying');
    expect(row.value).toBe('–');
    expect(row.text).not.toContain('stolen');
  });

  test('a redirect that the policy refuses says where it leads', async () => {
    await until('To a public host', ({ text, state }) => state === 'blocked' && text.includes('public.example.com'));
  });

  test('an endless answer is cut after 1 MiB, and its connection is closed', async () => {
    await until('Endless', ({ text }) => text.includes('more than a feed may hold'));
    const { bytes } = hostile.endless;
    const times = asked('/endless.json');
    await waitFor('the connection to be closed', () => hostile.endless.readers <= 1);
    // What fits into the buffers of both systems comes on top.
    expect(bytes / times).toBeLessThan(16 * MIB);
  });

  test('a compressed answer of 64 MiB counts as what it is', async () => {
    await until('Bomb', ({ text, value }) => text.includes('more than a feed may hold') && value === '–');
  });

  test.each(['Deep', 'Deep events'])('an answer nested 500 000 deep is refused again and again (%s)', async (feed) => {
    await until(feed, ({ text }) => /[2-9] times|\d\d times/.test(text));
  });

  test('a value is not looked for in a prototype', async () => {
    const row = await until('Prototype', ({ text }) => text.includes('$.value'));
    expect(row.value).toBe('–');
  });

  test('a stream of another type is blocked', async () => {
    await until('Type', ({ state, text }) => state === 'blocked' && text.includes('text/html'));
  });

  test('headers over the limit of the browser are a failure like others', async () => {
    await until('Headers', ({ state, value }) => state === 'retrying' && value === '–');
  });

  test('a server is heeded for 5 minutes with retry, for an hour with Retry-After', async () => {
    await until('Retry', ({ state, text }) => state === 'retrying' && /try in [1-5] min/.test(text));
    await until('Later', ({ state, text }) => state === 'retrying' && /try in (1 h|5\d min)/.test(text));
    expect(asked('/later.json')).toBe(1);
  });

  test('a Retry-After that makes no sense is not heeded', async () => {
    await waitFor('a few more requests', () => asked('/sooner.json') >= 3, { limitMs: LIMIT_MS });
    // A second at least, and more each time.
    expect(asked('/sooner.json')).toBeLessThan(30);
  });

  test('what headers ask for beside the answer is not done, and cookies are not kept', async () => {
    await until('Side effects', ({ value }) => value === 'fine');
    await waitFor('more requests', () => asked('/side-effects.json') >= 3, { limitMs: LIMIT_MS });
    expect(leaks()).toEqual([]);
    const sent = hostile.server.seen.filter(({ url }) => url === '/side-effects.json').map(({ headers }) => headers);
    for (const headers of sent) {
      expect(headers).not.toHaveProperty('cookie');
      expect(headers).not.toHaveProperty('authorization');
      expect(headers).not.toHaveProperty('referer');
    }
  });

  test.each([
    ['a line of 10 MB', 'Line'],
    ['bytes that are no text', 'Bytes'],
    ['a binary frame and a broken one', 'Frames'],
  ])('after %s the stream goes on', async (_, feed) => {
    await until(feed, ({ value, state }) => state === 'live' && value === 'after');
  });

  test('after a frame of 10 MB the socket is blocked for a minute', async () => {
    await until('Giant', ({ state, text }) => state === 'blocked' && text.includes('a frame of more than 1 MiB'));
    await until('Giant', ({ state, text }) => state === 'blocked' && text.includes('min'));
  });

  test('the good feed beside them was live all the time, and is', async () => {
    const before = await until('Good', ({ state }) => state === 'live');
    await until('Good', ({ state, text }) => state === 'live' && text !== before.text);
    expect(asked('/good')).toBe(1);
    const rows = await shownRows(hostile.page);
    expect(rows.filter(({ text }) => text.includes('stolen'))).toEqual([]);
  });

  test('reported no error but those of the network', async () => {
    const errors = await hostile.tidings.errors();
    // The policy of the extension's own pages refuses redirects to other schemes.
    const isExpected = /localhost:|public\.example\.com|127\.0\.0\.1|connect-src/;
    expect(errors.filter((text) => !isExpected.test(text))).toEqual([]);
  });
});
