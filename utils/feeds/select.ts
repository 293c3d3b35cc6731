import type { Json } from '../stream/protocol';

/** A name of an object's member, or an index of an array (negative: from the end). */
export type PathStep = string | number;

/** A way from the whole of a message to one value in it. Empty: the whole. */
export type Path = readonly PathStep[];

/** A path, or what is wrong with its text and where (the first character is 1). */
export type ParsedPath = { ok: true; path: Path } | { ok: false; reason: string };

/** What a path leads to, or the first step at which nothing is found. */
export type Selected = { ok: true; value: Json } | { ok: false; reason: string };

/** Characters of a path, at most. */
export const MAX_PATH_LENGTH = 1_000;

// Sticky, so that each is tried exactly where the last one ended.
const NAME = /\.([^.[\]'"\s]+)/y;
const INDEX = /\[(-?\d{1,9})\]/y;
const QUOTED = /\['((?:[^'\\]|\\['\\])*)'\]|\["((?:[^"\\]|\\["\\])*)"\]/y;

function match(pattern: RegExp, text: string, from: number): RegExpExecArray | null {
  pattern.lastIndex = from;
  return pattern.exec(text);
}

/** Parses `$.a.b[0]['c'][-1]`. In quotes `\` stands before a quote or another `\`, and nowhere else. */
export function parsePath(text: string): ParsedPath {
  if (text.length > MAX_PATH_LENGTH) {
    return { ok: false, reason: `the path is longer than ${MAX_PATH_LENGTH} characters` };
  }
  if (!text.startsWith('$')) return { ok: false, reason: 'a path starts with $ (character 1)' };
  const path: PathStep[] = [];
  let position = 1;
  while (position < text.length) {
    const name = match(NAME, text, position);
    const index = name ?? match(INDEX, text, position);
    const step = index ?? match(QUOTED, text, position);
    if (step === null) {
      return { ok: false, reason: `expected .name, [number] or ['name'] at character ${position + 1}` };
    }
    const inside = step[1] ?? step[2] ?? '';
    if (name !== null) path.push(inside);
    else if (index !== null) path.push(Number(inside));
    else path.push(inside.replaceAll(/\\(.)/g, '$1'));
    position += step[0].length;
  }
  return { ok: true, path };
}

const formatStep = (step: PathStep): string => (typeof step === 'number' ? `[${step}]` : `[${JSON.stringify(step)}]`);

function child(value: Json, step: PathStep): Json | undefined {
  if (Array.isArray(value)) {
    // Only an index: "length" is an own property of every array.
    return typeof step === 'number' ? value[step < 0 ? value.length + step : step] : undefined;
  }
  if (typeof value !== 'object' || value === null || typeof step !== 'string') return undefined;
  return Object.hasOwn(value, step) ? value[step] : undefined;
}

/** Follows a path through own members only. Never throws; takes time in proportion to the path, not to the value. */
export function select(path: Path, value: Json): Selected {
  let here = value;
  for (const [depth, step] of path.entries()) {
    const next = child(here, step);
    if (next === undefined) {
      return {
        ok: false,
        reason: `nothing at $${path
          .slice(0, depth + 1)
          .map(formatStep)
          .join('')}`,
      };
    }
    here = next;
  }
  return { ok: true, value: here };
}
