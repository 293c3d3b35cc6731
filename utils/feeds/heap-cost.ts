import type { Json } from '../stream/protocol';

/** Deepest value that a port takes: `isJson` refuses what is deeper, and `JSON.stringify` what is much deeper. */
const MAX_DEPTH = 32;

/**
 * Bytes of one node, a little above the larger of what V8 and SpiderMonkey take. A text has its characters besides; one byte
 * each, or two where one of them is not Latin-1.
 */
const BYTES = { number: 16, text: 24, array: 64, item: 8, object: 56, member: 48 } as const;

const WIDE = /[^\0-\xff]/;

/**
 * How many bytes of heap a value takes that `JSON.parse` gave, or a text: an estimate, for `[[],[]]` takes 20 times as much as its
 * JSON. `NaN` when a port does not take it: deeper than 32, or with a number that the parser made infinite (`1e999`). For
 * such values `isJson` says the same, and has to doubt more.
 */
export function heapCost(x: Json | undefined, depth = MAX_DEPTH): number {
  if (typeof x === 'string') return BYTES.text + (WIDE.test(x) ? 2 : 1) * x.length;
  if (typeof x === 'number') return Number.isFinite(x) ? BYTES.number : NaN;
  if (typeof x !== 'object' || x === null) return x === undefined ? NaN : 0;
  if (depth === 0) return NaN;
  if (Array.isArray(x)) {
    let cost = BYTES.array + BYTES.item * x.length;
    // One that is nested deep is refused at its first leaf, and not read to its end.
    for (let i = 0; i < x.length && !Number.isNaN(cost); i += 1) cost += heapCost(x[i], depth - 1);
    return cost;
  }
  let cost: number = BYTES.object;
  // What JSON.parse makes inherits nothing that this lists; Object.values would copy it.
  for (const key in x) {
    cost += BYTES.member + key.length + heapCost(x[key], depth - 1);
    if (Number.isNaN(cost)) break;
  }
  return cost;
}

/** Whether a port takes what `JSON.parse` gave, or a text. */
export const isBounded = (x: Json | undefined): boolean => !Number.isNaN(heapCost(x));
