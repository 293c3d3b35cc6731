import type { Json } from '../stream/protocol';

/** Longest text kept of a value, in UTF-16 units, without the ellipsis. A row shows about 40 of them, an open one all. */
export const MAX_TEXT_LENGTH = 200;

/** A value small enough to keep: an array or object is its JSON as text. */
export type Shown = null | boolean | number | string;

/** Cuts `value` to what a row can show: a text to {@link MAX_TEXT_LENGTH}, an array or object to as much of its JSON. */
export function shorten(value: Json): Shown {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // A surrogate pair may be cut in two: toWellFormed replaces the half that is left.
  return text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH).toWellFormed()}…` : text;
}
