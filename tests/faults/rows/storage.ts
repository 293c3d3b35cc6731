import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { AppliedBatch } from '../../browser/applied.ts';
import { waitFor } from '../../browser/driver/wait-for.ts';
import { createRandom } from '../../soak/random.ts';
import { openDetails, waitForReason } from '../details.ts';
import { faultsSeed } from '../faults-seed.ts';
import { both, type FaultRow } from '../row.ts';
import { addVerdict } from '../tally.ts';
import { holds, judge, numbersIn } from '../verdict.ts';
import type { WatchedPage } from '../watched-page.ts';
import type { World } from '../world.ts';

/** What storage does, by the clock that test and browser share: nothing else outlives a background whose storage is refused. */
const PHASES = { refused: 15_000, random: 25_000, working: 35_000 } as const;
type Phase = keyof typeof PHASES;

const CYCLE_MS = Object.values(PHASES).reduce((sum, ms) => sum + ms, 0);

/** Where writes fail at random, each of these decides by itself, in ms. */
const WINDOW_MS = 400;

const NOT_KEPT = 'Updates are not kept over a restart';

function phaseNow(): Phase {
  const at = Date.now() % CYCLE_MS;
  if (at < PHASES.refused) return 'refused';
  return at < PHASES.refused + PHASES.random ? 'random' : 'working';
}

/** Instrument of the background. What the test sets up is kept. */
const storageOf = (seed: number): string => `{
  const { storage } = globalThis.browser?.storage ? globalThis.browser : globalThis.chrome;
  const isSettings = (name) => name === 'tidings-settings';
  const refuse = () => { throw new DOMException('on purpose', 'QuotaExceededError'); };
  const isUnlucky = (at) => {
    let mixed = (Math.floor(at / ${WINDOW_MS}) ^ ${seed}) | 0;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b);
    return ((mixed ^ (mixed >>> 16)) & 1) === 1;
  };
  const refuses = (isWrite) => {
    const at = Date.now() % ${CYCLE_MS};
    if (at < ${PHASES.refused}) return true;
    return isWrite && at < ${PHASES.refused + PHASES.random} && isUnlucky(Date.now());
  };
  const { open } = IDBFactory.prototype;
  IDBFactory.prototype.open = function (...args) {
    if (!isSettings(args[0]) && refuses(false)) refuse();
    return open.apply(this, args);
  };
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (...args) {
    if (!isSettings(this.name) && refuses(args[1] === 'readwrite')) refuse();
    return transaction.apply(this, args);
  };
  for (const area of [storage.session, storage.local]) {
    const { set } = area;
    Object.defineProperty(area, 'set', { value: async (items) => (refuses(true) ? refuse() : set.call(area, items)) });
  }
}`;

/** When the background was stopped, what storage did then, and the last number known to be kept when the cycle began. */
interface Kill {
  at: number;
  phase: Phase;
  keptBefore: number;
}

/** The row of storage that is refused. */
export const STORAGE_ROWS: FaultRow[] = [
  {
    number: 25,
    fault: 'storage full or refused (IndexedDB, session, local), also while the worker is killed',
    holds:
      'stream alive; the weaker promise is shown; nothing twice in one history, nor anything after storage works again',
    browsers: both(
      'a copy of the build whose background gets QuotaExceededError from all three for 15 s, from writes at random for 25 s, and then not for 35 s; worker killed once, twice and twice meanwhile',
    ),
    runs: { short: 1, long: 10 },
    own: { instruments: () => ({ background: storageOf(faultsSeed()) }) },
    async induce(world, runs) {
      const random = createRandom(faultsSeed());
      const watched = await world.watch();
      await openDetails(watched.page, 'Numbers');
      const kills: Kill[] = [];
      let keptBefore = 0;
      const killIn = async (phase: Phase): Promise<void> => {
        await delay(random.between(0, 3_000));
        const moment = await world.kill();
        kills.push({ at: moment.at, phase, keptBefore });
        await watched.goesOn(moment);
      };
      await waitUntilKept(watched);
      for (const _ of runs) {
        keptBefore = await keptNumber(watched);
        await waitForPhase('refused');
        await watched.goesOn(world.moment());
        await waitForReason(watched.page, 'Numbers', 'live', NOT_KEPT);
        await killIn('refused');
        await waitForReason(watched.page, 'Numbers', 'live', NOT_KEPT);
        await waitForPhase('random');
        for (let kill = 0; kill < 2; kill += 1) await killIn('random');
        await waitUntilKept(watched);
        for (let kill = 0; kill < 2; kill += 1) await killIn('working');
      }
      world.demo.control('events', { action: 'rate', perSecond: 0 });
      await watched.catchesUp();
      judgeHistories(watched, world, kills);
    },
  },
];

/** Waits for storage to work, and for the person to be told. */
async function waitUntilKept({ page }: WatchedPage): Promise<void> {
  await waitForPhase('working');
  await waitFor(
    'updates to be kept',
    async () => {
      const { text } = await waitForReason(page, 'Numbers', 'live');
      return !text.includes(NOT_KEPT);
    },
    { limitMs: PHASES.working },
  );
}

/** The last number that the page has and that is kept; 0 where writing is refused by now. */
async function keptNumber(watched: WatchedPage): Promise<number> {
  await watched.look();
  const number = numbersIn(watched.numbers).at(-1) ?? 0;
  // That updates are not kept is said before they are shown.
  const { text } = await waitForReason(watched.page, 'Numbers', 'live');
  return text.includes(NOT_KEPT) ? 0 : number;
}

const waitForPhase = (phase: Phase): Promise<boolean> =>
  waitFor(`storage that is ${phase}`, () => phaseNow() === phase, { limitMs: CYCLE_MS + 1_000, everyMs: 50 });

/**
 * Compares each history by itself with the record: a history goes on until the background says that another begins. Only a kill
 * while storage is refused may begin one. What such a history has of the one before was not kept, and the person was told.
 *
 * A background that cannot read begins with the newest event. The page's cursor then means nothing to the next one that can:
 * that one gives all it has kept, once. What comes again after it was never kept.
 */
function judgeHistories(watched: WatchedPage, { tally, name }: World, kills: readonly Kill[]): void {
  const histories: AppliedBatch[][] = [];
  for (const batch of watched.take().filter(({ feed }) => feed === 'numbers')) {
    if (histories.length === 0 || !batch.continues) histories.push([]);
    histories.at(-1)?.push(batch);
  }
  const seen = new Set<number>();
  /** What was kept before a cycle, and came again in it. */
  const givenAgain = new Map<number, Set<number>>();
  /** By what storage did, and how many of all were kept before the cycle. */
  const shownAgain = { refused: 0, random: 0, kept: 0 };
  for (const [index, history] of histories.entries()) {
    const numbers = numbersIn(history);
    const verdict = judge(history, numbers.at(-1) ?? 0);
    addVerdict(tally, verdict);
    assert.ok(holds(verdict), `a history against the source's record: ${JSON.stringify(verdict)}`);
    if (index > 0) {
      const startedAt = history[0]?.appliedAt ?? 0;
      const { phase, keptBefore } = kills.findLast(({ at }) => at <= startedAt) ?? { phase: 'working', keptBefore: 0 };
      assert.ok(phase !== 'working', `history ${index} begins although storage works`);
      const again = numbers.filter((number) => seen.has(number));
      shownAgain[phase] += again.length;
      const hasMany = phase === 'refused' && again.length > 1;
      assert.ok(!hasMany, `history ${index} of a background that could not read has ${again.length} numbers again`);
      const given = givenAgain.get(keptBefore) ?? new Set();
      const old = again.filter((number) => number <= keptBefore);
      shownAgain.kept += old.length;
      const thrice = old.filter((number) => given.has(number));
      assert.deepEqual(thrice, [], `history ${index} has for a second time again what was kept`);
      givenAgain.set(keptBefore, given.union(new Set(old)));
      // Nothing of what was told is missing where the disk can be read.
      const isMissing = phase === 'random' && (numbers[0] ?? 0) > Math.max(...seen) + 1;
      assert.ok(!isMissing, `history ${index} begins with ${numbers[0]} after ${Math.max(...seen)}`);
    }
    for (const number of numbers) seen.add(number);
  }
  console.log(
    `${name}: ${kills.length} kills, ${histories.length} histories, shown again: ${JSON.stringify(shownAgain)}`,
  );
}
