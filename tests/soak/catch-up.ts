import type { TestPage } from '../browser/driver/test-browser.ts';
import { waitFor } from '../browser/driver/wait-for.ts';
import { shownRows } from '../browser/panel.ts';
import type { Seat, Stage } from './stage.ts';

const LIMIT_MS = 60_000;

/** What popup and side panel show of each feed: its text, and its state. They have nothing to tell a test what they applied. */
const panelRows = (page: TestPage): Promise<{ state: string; text: string }[]> =>
  page.evaluate(() =>
    Array.from(document.querySelectorAll<HTMLElement>('.feed'), (row) => ({
      state: row.dataset['state'] ?? '',
      text: row.innerText,
    })),
  );

/** Waits until all that the sources told is in every page and panel. They must not tell more. Returns who has it not, and what instead. */
export async function catchUp({ lasting, pages, panels, sources }: Stage): Promise<string[]> {
  const { fast, steady } = sources;
  const newest = {
    fast: fast.events.record.newest,
    steady: steady.events.record.newest,
    socket: fast.socket.record.newest,
  };
  const wanted = JSON.stringify(newest);
  const { depth } = (JSON.parse(fast.json.document) as { queue: { depth: number } }).queue;
  const shown = [...Object.values(newest), depth].map((value) => value.toLocaleString('en'));

  const pageHasAll = async (seat: Seat): Promise<true> => {
    const applied = await seat.take();
    const last = JSON.stringify(
      Object.fromEntries(Object.keys(newest).map((feed) => [feed, applied[feed]?.last ?? null])),
    );
    if (last !== wanted) throw new Error(`applied up to ${last} of ${wanted}`);
    const row = (await shownRows(seat.window.page)).find(({ name }) => name === 'depth');
    if (row?.value !== String(depth)) throw new Error(`shows ${JSON.stringify(row)} of ${depth}`);
    return true;
  };
  const panelHasAll = async (seat: Seat): Promise<true> => {
    const rows = await panelRows(seat.window.page);
    const isThere = shown.every((text, index) => rows[index]?.state === 'live' && rows[index].text.includes(text));
    if (!isThere) throw new Error(`shows ${JSON.stringify(rows)} of ${shown.join(', ')}`);
    return true;
  };

  const missing: string[] = [];
  const look = async (seat: Seat, hasAll: (seat: Seat) => Promise<true>): Promise<void> => {
    await waitFor(`all in ${seat.name}`, () => hasAll(seat), { limitMs: LIMIT_MS, everyMs: 200 }).catch(
      (error: unknown) => missing.push(String(error)),
    );
  };
  for (const seat of [lasting, ...pages]) await look(seat, pageHasAll);
  for (const seat of panels) await look(seat, panelHasAll);
  return missing;
}
