/** What a page applies of what a source told, whatever happens between the two: tests/faults does the same in browsers. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Flavour } from '../../fakes/port';
import { type Applied, createStage, pass, type Stage, turn } from './stage';

/** Something that happens, in words that a failure shows. */
interface Step {
  readonly name: string;
  run(stage: Stage): unknown;
  toString(): string;
}

const step = (name: string, run: Step['run']): Step => ({ name, run, toString: () => name });

/** Numbers that came again although the disk had them when the background began that sent them. */
function neededOnce({ applied }: Stage): number[] {
  let last = 0;
  return applied.flatMap(({ numbers, keptAtStart }) => {
    const again = numbers.filter((number) => number <= Math.min(last, keptAtStart));
    last = Math.max(last, ...numbers);
    return again;
  });
}

/** Four of these fill a message. Never more in all than a log keeps. */
const tellLong = step('tell 300 long', (stage) => stage.told < 2_000 && stage.tell(300, ` ${'x'.repeat(1_000)}`));

const tells = fc.nat({ max: 9 }).map((count) => step(`tell ${count}`, (stage) => stage.tell(count)));
const waits = fc.nat({ max: 300 }).map((ms) => step(`pass ${ms}`, () => pass(ms)));
const rares = fc.constantFrom(tellLong, ...[1_200, 6_000].map((ms) => step(`pass ${ms}`, () => pass(ms))));
const kills = fc
  .record({ count: fc.nat({ max: 9 }), turns: fc.nat({ max: 60 }), arriving: fc.nat({ max: 4 }), isKept: fc.boolean() })
  .map(({ count, turns, arriving, isKept }) =>
    step(`tell ${count}, kill after ${turns}, ${arriving} arrive, ${isKept ? '' : 'not '}kept`, async (stage) => {
      stage.tell(count);
      // In the middle of things: after a timer nothing is under way.
      await turn(turns);
      await stage.kill(arriving, isKept);
    }),
  );
const others = fc.constantFrom(
  step('cut', (stage) => stage.cut()),
  step('bfcache', (stage) => stage.leaveOrReturn('cache')),
  step('freeze', (stage) => stage.leaveOrReturn('freeze')),
  step('hide', (stage) => stage.hideOrShow()),
);
const disks = fc.constantFrom(
  ...(['work', 'refuse', 'hang', 'hold'] as const).map((mode) => step(mode, (stage) => stage.setDisk(mode))),
  step('release', (stage) => stage.release()),
);

const diskModes = fc.constantFrom('work' as const, 'work' as const, 'work' as const, 'refuse' as const);

const stepsOf = (...more: fc.Arbitrary<Step>[]): fc.Arbitrary<Step[]> => {
  const weighted = [tells, tells, waits, waits, waits, waits, kills, kills, kills, others, others, rares, ...more];
  return fc.array(fc.oneof(...weighted), { maxLength: 16, size: 'max' });
};

/**
 * What is wrong with what a page applied. Within a history nothing may be twice or out of order, and what is missing is
 * counted. A history may begin anywhere only where the background says that it does, and the page was told that updates are not
 * kept, or may be missing, or where a background could not read the disk.
 */
function faultsOf({ applied, warned, told }: Stage): string[] {
  const faults: string[] = [];
  let last = 0;
  let before: Applied | undefined;
  for (const batch of applied) {
    const { epoch, continues, numbers, lost, isSafe, unread } = batch;
    const [from = 0, to = 0] = [numbers[0], numbers.at(-1)];
    const isAscending = numbers.every((number, i) => i === 0 || number > (numbers[i - 1] ?? 0));
    const goesOn = from > last && to - last - numbers.length === lost;
    const mayJump = warned.has(epoch) || (before && (warned.has(before.epoch) || unread > before.unread));
    const isAnew = !continues && mayJump;
    if (!isAscending || !(goesOn || isAnew))
      faults.push(`${from} to ${to} of ${epoch}${continues ? '' : ' (anew)'} after ${last}, ${lost} lost`);
    if (!isSafe) faults.push(`${from} to ${to} of ${epoch} were not written`);
    last = to;
    before = batch;
  }
  if (last !== told) faults.push(`ends with ${last} of ${told}`);
  return faults;
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe.each<Flavour>(['chromium', 'firefox'])('from source to page, with the ports of %s', (flavour) => {
  test('every event comes once and in order while the disk keeps what it is given', async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), stepsOf(), async (isSlow, steps) => {
        const stage = await createStage(flavour);
        // A slow disk has written at the end of a step what it was given in it.
        if (isSlow) stage.setDisk('hold');
        for (const { name, run } of steps) {
          if (isSlow && name === 'pass 6000') continue;
          await run(stage);
          stage.release();
        }
        await stage.finish();
        expect(faultsOf(stage)).toEqual([]);
        expect(stage.applied.reduce((sum, { lost }) => sum + lost, 0)).toBe(0);
        expect(new Set(stage.applied.map(({ epoch }) => epoch)).size).toBe(1);
      }),
      { numRuns: 50 },
    );
  });

  test('what is missing or begins anew where the disk fails is counted, or the page was told', async () => {
    await fc.assert(
      fc.asyncProperty(diskModes, stepsOf(disks, disks, disks, disks), async (diskMode, steps) => {
        const stage = await createStage(flavour, diskMode);
        for (const { run } of steps) await run(stage);
        await stage.finish();
        expect(faultsOf(stage)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test('where writes are refused now and then nothing comes again that the disk had', async () => {
    const fills = fc.constantFrom(
      ...(['work', 'full'] as const).map((mode) => step(mode, (stage) => stage.setDisk(mode))),
    );
    await fc.assert(
      fc.asyncProperty(stepsOf(fills, fills, fills, fills), async (steps) => {
        const stage = await createStage(flavour);
        for (const { run } of steps) await run(stage);
        await stage.finish();
        expect(faultsOf(stage)).toEqual([]);
        expect(neededOnce(stage)).toEqual([]);
        expect(stage.applied.reduce((sum, { lost }) => sum + lost, 0)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});
