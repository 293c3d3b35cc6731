/** Numbers that look random and are the same for the same seed. */
export interface Random {
  /** From 0 (inclusive) to 1 (exclusive). */
  next(): number;
  /** A whole number, both ends possible. */
  between(min: number, max: number): number;
  /** @throws {RangeError} when there is nothing to choose from */
  oneOf<Item>(items: readonly Item[]): Item;
}

/**
 * Makes a sequence: mulberry32.
 * @param seed a whole number, of which 32 bits count
 */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    between,
    oneOf(items) {
      const item = items[between(0, items.length - 1)];
      if (item === undefined) throw new RangeError('Cannot choose from "": the list is empty');
      return item;
    },
  };
}
