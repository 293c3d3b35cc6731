import type { Json } from '../stream/protocol';

/** Deepest value that a port takes: `isJson` refuses what is deeper, and `JSON.stringify` what is much deeper. */
const MAX_DEPTH = 32;

/**
 * Whether a port takes what `JSON.parse` gave, or a text: not deeper than 32, and no number that it made infinite (`1e999`).
 * For such values it says the same as `isJson`, which has to doubt more.
 */
export function isBounded(x: Json | undefined, depth = MAX_DEPTH): boolean {
  if (typeof x === 'number') return Number.isFinite(x);
  if (typeof x !== 'object' || x === null) return x !== undefined;
  if (depth === 0) return false;
  if (Array.isArray(x)) return x.every((item) => isBounded(item, depth - 1));
  // What JSON.parse makes inherits nothing that this lists; Object.values would copy it.
  for (const key in x) if (!isBounded(x[key], depth - 1)) return false;
  return true;
}
