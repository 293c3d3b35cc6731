/**
 * Runs a property in rounds until so many inputs were generated, each round with a seed of its own: the first round's is
 * the seed of the campaign, each next one is 1 more. So the seed that a failure names replays it in the first round.
 *
 * `npm test` runs a share of each campaign with a random seed; `npm run fuzz` sets both by environment (fuzz.ts).
 */
import fc from 'fast-check';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, expect, vi } from 'vitest';

/** Set by fuzz.ts. */
export const SEED_VARIABLE = 'TIDINGS_FUZZ_SEED';
/** Set by fuzz.ts: the part of each campaign that is run, from 0 to 1. */
export const SHARE_VARIABLE = 'TIDINGS_FUZZ_SHARE';

/** What `npm test` runs: 1 of 100. */
const SHORT_SHARE = 0.01;
const CASES_A_ROUND = 100;
/** Growth of the heap after the first round, in bytes, that counts as a leak: a campaign keeps nothing of its cases. */
const MAX_GROWTH_BYTES = 24 * 1024 * 1024;

const seedOf = (text: string | undefined): number =>
  text === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(text) | 0;

const seed = seedOf(process.env[SEED_VARIABLE]);
const share = Number(process.env[SHARE_VARIABLE] ?? SHORT_SHARE);

/** What went past a boundary: thrown into whoever delivered, or rejected without anybody to hear. */
export interface Escapes {
  /** Runs `deliver`, as a browser runs a listener: what it throws is an escape. */
  guard<Args extends unknown[]>(deliver: (...args: Args) => void): (...args: Args) => void;
  /** Throws if anything escaped since the last call; lets what is under way go its way first. */
  check(): Promise<void>;
}

/** How long a campaign may take, in ms: the whole of it on a busy machine. */
const LIMIT_MS = 3_600_000;

/** Collects escapes for all tests of a file, which may then take as long as a campaign. Call it at the top of the file. */
export function watchEscapes(): Escapes {
  vi.setConfig({ testTimeout: LIMIT_MS });
  let escaped: unknown[] = [];
  const onRejection = (reason: unknown): void => void escaped.push(reason);
  beforeAll(() => void process.on('unhandledRejection', onRejection));
  afterAll(() => void process.off('unhandledRejection', onRejection));
  return {
    guard:
      (deliver) =>
      (...args) => {
        try {
          deliver(...args);
        } catch (error) {
          escaped.push(error);
        }
      },
    async check() {
      await setImmediate();
      const [first] = escaped;
      escaped = [];
      if (first !== undefined) throw new Error('Something went past the boundary', { cause: first });
    },
  };
}

const heapBytes = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};

/**
 * Runs `run` on what `arbitrary` generates, until `run` has reported `inputs` of them in all, or the share of it that is
 * asked for. Where the collector can be called the heap must not grow.
 * @param run returns how many inputs it used
 */
export async function campaign<Case>(
  inputs: number,
  arbitrary: fc.Arbitrary<Case>,
  run: (one: Case) => Promise<number>,
): Promise<void> {
  const wanted = Math.ceil(inputs * share);
  // Not performance.now(): the tests turn that clock.
  const startedAt = process.hrtime.bigint();
  const count = { used: 0 };
  let firstHeap: number | null = null;
  for (let round = 0; count.used < wanted; round += 1) {
    const property = fc.asyncProperty(arbitrary, async (one) => {
      count.used += await run(one);
    });
    try {
      await fc.assert(property, { seed: seed + round, numRuns: CASES_A_ROUND });
    } catch (error) {
      throw new Error(`Replay it with: npm run fuzz -- --seed ${seed + round}`, { cause: error });
    }
    firstHeap ??= heapBytes();
  }
  const seconds = (Number(process.hrtime.bigint() - startedAt) / 1e9).toFixed(1);
  const grown = heapBytes() - (firstHeap ?? 0);
  if (process.env[SEED_VARIABLE] !== undefined) {
    const memory =
      globalThis.gc === undefined ? '' : `, heap ${(grown / 1024 / 1024).toFixed(1)} MiB more than after round 1`;
    console.log(`${expect.getState().currentTestName}: ${count.used} inputs in ${seconds} s, seed ${seed}${memory}`);
  }
  if (globalThis.gc !== undefined) expect(grown).toBeLessThan(MAX_GROWTH_BYTES);
}
