import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './source-faults.ts';
import type { Seat } from './stage.ts';

async function whileHidden({ window }: Seat, meanwhile: () => Promise<void>): Promise<void> {
  await window.hide();
  await meanwhile();
  await window.show();
}

/** Faults of a page that live through it. */
export const LASTING_FAULTS: Record<string, Fault<Seat>> = {
  'page is hidden': (seat, random) => whileHidden(seat, () => delay(random.between(200, 8_000))),
  async 'page is blocked'({ window }, random) {
    await window.page.evaluate(
      (blockedMs: number) => {
        const end = performance.now() + blockedMs;
        while (performance.now() < end);
      },
      random.between(200, 3_000),
    );
  },
};

/** Another one, in Chromium: Firefox has no such state. */
export const FREEZE: Record<string, Fault<Seat>> = {
  'page is frozen': (seat, random) =>
    whileHidden(seat, async () => {
      await seat.window.page.freeze();
      await delay(random.between(200, 8_000));
      await seat.window.page.thaw();
    }),
};

/** Faults that may end a document. */
export const ENDING_FAULTS: Record<string, Fault<Seat>> = {
  async 'page is reloaded'(seat) {
    await seat.take();
    await seat.window.page.reload();
    await seat.arrive();
  },
  async 'page is cached and comes back'(seat, random) {
    const { page } = seat.window;
    await seat.take();
    await page.navigate((await page.url()).replace(/strict\?.*/, 'away'));
    await delay(random.between(100, 4_000));
    await page.back();
    if (await seat.arrive()) seat.wasEvicted();
  },
  async 'tab is closed and opened anew'(seat) {
    await seat.take();
    await seat.reopen();
  },
};

/** Another one, in Chromium: in Firefox all pages of a host crash with one. */
export const CRASH: Record<string, Fault<Seat>> = {
  async 'tab crashes and is opened anew'(seat) {
    await seat.take();
    await seat.window.page.crash();
    await seat.reopen();
  },
};
