import { NONSENSE_KINDS, type NonsenseKind } from './nonsense.ts';

/** The sources that can be controlled. */
export const SOURCE_NAMES = ['json', 'events', 'socket'] as const;
export type SourceName = (typeof SOURCE_NAMES)[number];

/** What a source can be told to do; docs of each source say what it means there. */
export type Action =
  /** Drops the connections and refuses new ones with 503. `closeCode`: how the WebSocket says goodbye, none by default. */
  | { action: 'stop'; retryAfterS?: number; closeCode?: number }
  /** Like stop, with this status: 300 to 599; `location` for a redirect. */
  | { action: 'fail'; status: number; location?: string; retryAfterS?: number }
  /** Connections stay open and new ones are accepted; nothing is sent. */
  | { action: 'silent' }
  /** `count` things at once, 1 to 50 000, 500 by default. */
  | { action: 'burst'; count?: number }
  /** What no reader should choke on; every kind in turn by default. `lineBytes` is for `long-line`, 10 MiB by default. */
  | { action: 'nonsense'; kind?: NonsenseKind; lineBytes?: number }
  /** Back to normal; the rate stays. */
  | { action: 'return' }
  /** By itself from now on, 0 to 2000 a second. */
  | { action: 'rate'; perSecond: number }
  /** Drops the connections and begins a new history at 1. */
  | { action: 'restart' };

export type ParsedAction = { ok: true; action: Action } | { ok: false; reason: string };

type Fields = Record<string, unknown>;

interface Field {
  required?: true;
  holds(value: unknown): boolean;
  says: string;
}

const between = (min: number, max: number, whole = true) => ({
  holds: (x: unknown): boolean => typeof x === 'number' && x >= min && x <= max && (!whole || Number.isInteger(x)),
  says: `a ${whole ? 'whole ' : ''}number from ${min} to ${max}`,
});
const oneOf = (values: readonly string[]) => ({
  holds: (x: unknown): boolean => typeof x === 'string' && values.includes(x),
  says: `one of ${values.join(', ')}`,
});
const retryAfterS = between(0, 86_400);

const FIELDS: Record<Action['action'], Record<string, Field>> = {
  stop: { retryAfterS, closeCode: between(1000, 4999) },
  fail: {
    status: { required: true, ...between(300, 599) },
    // Node refuses control characters in a header by throwing.
    location: { holds: (x) => typeof x === 'string' && /^[!-~]{1,2000}$/.test(x), says: 'an address' },
    retryAfterS,
  },
  silent: {},
  burst: { count: between(1, 50_000) },
  nonsense: { kind: oneOf(NONSENSE_KINDS), lineBytes: between(1, 64 * 1024 * 1024) },
  return: {},
  rate: { perSecond: { required: true, ...between(0, 2000, false) } },
  restart: {},
};

const isObject = (x: unknown): x is Fields => typeof x === 'object' && x !== null && !Array.isArray(x);

/** Reads an action; unknown fields are refused, so that a misspelt one is noticed. Never throws. */
export function parseAction(x: unknown): ParsedAction {
  if (!isObject(x)) return { ok: false, reason: 'the action is not a JSON object' };
  const name = x['action'];
  if (typeof name !== 'string' || !Object.hasOwn(FIELDS, name)) {
    return { ok: false, reason: `"action" must be one of ${Object.keys(FIELDS).join(', ')}` };
  }
  const fields = FIELDS[name as Action['action']];
  for (const key of Object.keys(x)) {
    if (key !== 'action' && !Object.hasOwn(fields, key)) {
      return { ok: false, reason: `"${name}" has no field "${key}"` };
    }
  }
  for (const [key, field] of Object.entries(fields)) {
    const value = x[key];
    if (value === undefined ? field.required : !field.holds(value)) {
      return { ok: false, reason: `"${key}" must be ${field.says}` };
    }
  }
  return { ok: true, action: x as unknown as Action };
}
