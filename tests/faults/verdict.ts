import type { FeedBatch } from '../../utils/stream/protocol.ts';

/** What was applied, compared with the source's own record. */
export interface Verdict {
  /** Numbers that were applied and are in the record: nothing is said of a row that compares none. */
  compared: number;
  /** Neither applied nor shown as lost; negative when more was shown as lost than was. */
  lost: number;
  /** Applied more than once. */
  twice: number;
  /** Applied after a later one. */
  disordered: number;
  /** Shown as lost by the product itself. */
  shownLost: number;
}

/** The numbers of the source's record in batches, in the order in which they were applied. Nonsense has none from 1. */
export const numbersIn = (batches: readonly Pick<FeedBatch, 'updates'>[]): number[] =>
  batches
    .flatMap(({ updates }) => updates.map(({ value }) => value))
    .filter((value) => Number(value) >= 1)
    .map(Number);

/**
 * Compares the batches of one feed of one history with a record that counts from 1 without a gap.
 * @param newest the last number that the source told
 * @param from the first number that must be there; by default the first applied: what came before was told before the page watched
 */
export function judge(batches: readonly Pick<FeedBatch, 'updates' | 'lost'>[], newest: number, from?: number): Verdict {
  const numbers = numbersIn(batches);
  const first = from ?? numbers[0] ?? 1;
  const shownLost = batches.reduce((sum, { lost }) => sum + lost, 0);
  const distinct = new Set(numbers.filter((number) => number >= first && number <= newest));
  return {
    compared: distinct.size,
    lost: newest - first + 1 - distinct.size - shownLost,
    twice: numbers.length - distinct.size,
    disordered: numbers.filter((number, index) => number < (numbers[index - 1] ?? 0)).length,
    shownLost,
  };
}

/** Whether nothing was lost, in silence or not, nothing came twice and nothing out of order. */
export const holds = ({ lost, twice, disordered, shownLost }: Verdict): boolean =>
  lost === 0 && twice === 0 && disordered === 0 && shownLost === 0;
