import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../browser/driver/wait-for.ts';
import { connectTimes, COUNT_CONNECTS } from '../count-connects.ts';
import { both, type FaultRow } from '../row.ts';
import { LIMIT_MS } from '../watched-page.ts';
import type { World } from '../world.ts';

/**
 * When the background of row 6 throws, in ms: first so long after its launch, for so long, and again after each period. A
 * start cannot be told anything but the time; a machine too slow for one period has the next.
 */
const THROWS_AFTER_MS = 30_000;
const THROWS_FOR_MS = 12_000;
const PERIOD_MS = 150_000;
/** Both browsers keep a background that threw for as long as pages connect to it: it is over when the page has rested once. */
const REST_LIMIT_MS = 90_000;

/** Connects in a minute that came to nothing, at most. */
const CONNECT_BUDGET = 20;

/** When the background of each browser first throws, epoch ms. */
const throwsFrom = { chromium: Infinity, firefox: Infinity };

/** How far into its period a background is that first throws at `from`, in ms: it throws below `THROWS_FOR_MS`. */
const intoPeriod = (from: number): number => (Date.now() < from ? Infinity : (Date.now() - from) % PERIOD_MS);

/** Rows of a background that does not do its part. */
export const BROKEN_BACKGROUND_ROWS: FaultRow[] = [
  {
    number: 6,
    fault: 'worker script throws at start',
    holds: 'visible state, bounded retries, recovers when it starts again',
    browsers: both(
      'a copy of the build whose background throws at each start within 12 s; the driver stops it as they begin',
    ),
    runs: { short: 1, long: 1 },
    own: {
      isPatient: true,
      instruments(browser) {
        const from = Date.now() + THROWS_AFTER_MS;
        throwsFrom[browser] = from;
        return {
          background: `if (Date.now() > ${from} && (Date.now() - ${from}) % ${PERIOD_MS} < ${THROWS_FOR_MS}) throw new Error('thrown on purpose at ' + Date.now());`,
          content: COUNT_CONNECTS,
        };
      },
    },
    mayReport: /thrown on purpose/,
    async induce(world, runs) {
      for (const _ of runs) {
        const watched = await world.watch();
        const known = (await connectTimes(watched.page)).length;
        let until = 0;
        let stoppedAt = Infinity;
        let killedAt = Infinity;
        await waitFor(
          'a kill with half of the time in which starts throw still to come',
          async () => {
            const into = intoPeriod(throwsFrom[world.name]);
            if (into > THROWS_FOR_MS / 4) return false;
            until = Date.now() - into + THROWS_FOR_MS;
            killedAt = (await world.kill()).at;
            stoppedAt = Date.now();
            return Date.now() < until - THROWS_FOR_MS / 2;
          },
          { limitMs: 3 * PERIOD_MS },
        );
        await waitFor('the panel to say so', async () =>
          ['Connection lost', 'Connecting'].includes((await watched.page.inShadow(streamWords)) ?? ''),
        );
        await waitFor('starts to succeed again', () => Date.now() > until, { limitMs: LIMIT_MS });
        const moment = { ...world.moment(), at: until };
        await watched.goesOn(moment, REST_LIMIT_MS);
        const early = watched.batches.filter(({ appliedAt }) => appliedAt > stoppedAt && appliedAt < until);
        assert.equal(early.length, 0, 'batches while starts threw');
        const thrown = await timesThrown(world);
        assert.ok(
          thrown.some((at) => at >= killedAt && at <= until),
          `starts that the browser says threw since ${killedAt}: ${thrown.join(', ')}`,
        );
        const retries = (await connectTimes(watched.page)).length - known;
        assert.ok(retries <= CONNECT_BUDGET, `${retries} connects`);
        await waitFor('the panel to say so', async () => (await watched.page.inShadow(streamWords)) === 'Live');
        await watched.settle();
      }
    },
  },
  {
    number: 14,
    fault: 'background that refuses every port',
    holds: 'connects per minute bounded',
    browsers: both(
      'a background of the test that disconnects each port at once, and a content script without jitter, so that it comes back as soon as it ever may',
    ),
    runs: { short: 1, long: 2 },
    own: {
      isPatient: true,
      instruments: () => ({
        // It answers the test, which saves settings before the page opens.
        onlyBackground: `const { runtime } = globalThis.chrome;
runtime.onConnect.addListener((port) => port.disconnect());
runtime.onMessage.addListener((message, sender, answer) => answer({ ok: true }));`,
        content: `Math.random = () => 0;\n${COUNT_CONNECTS}`,
        contentMatches: ['http://localhost/*'],
      }),
    },
    async induce(world, runs) {
      const page = await world.open();
      for (const _ of runs) {
        const known = (await connectTimes(page)).length;
        await waitFor('another retry', async () => (await connectTimes(page)).length > known, {
          limitMs: REST_LIMIT_MS,
        });
        await waitFor(
          'the panel to say that it rests',
          async () => /Next try in [23]\d s/.test((await page.inShadow(noticeWords)) ?? ''),
          { limitMs: REST_LIMIT_MS },
        );
        // It rests for half a minute: nothing may come in the next seconds.
        const before = await connectTimes(page);
        await delay(3_000);
        const times = await connectTimes(page);
        assert.deepEqual(times, before, 'connects');
        const inAMinute = times.map((at) => times.filter((other) => other >= at && other < at + 59_000).length);
        assert.ok(Math.max(...inAMinute) <= CONNECT_BUDGET, `${Math.max(...inAMinute)} connects in a minute`);
      }
    },
  },
];

/** When the browser reported that starts threw, epoch ms. */
const timesThrown = async ({ browser }: World): Promise<number[]> =>
  (await browser.errors()).flatMap((text) => {
    const [, at] = /thrown on purpose at (\d+)/.exec(text) ?? [];
    return at === undefined ? [] : [Number(at)];
  });

const streamWords = (root: ShadowRoot): string | null =>
  root.querySelector<HTMLElement>('.stream')?.dataset['text'] ?? null;
const noticeWords = (root: ShadowRoot): string | null =>
  root.querySelector<HTMLElement>('.notice')?.dataset['text'] ?? null;
