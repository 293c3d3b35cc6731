/** Values that were never meant to arrive, and what makes a well-formed message slightly wrong. */
import fc from 'fast-check';

/** Names that mean something to objects, arrays, promises or the serialiser. */
export const SPECIAL_KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'then',
  'toJSON',
  'length',
  '0',
  '-1',
  '',
  'type',
] as const;

export const NUMBERS = [
  0,
  -0,
  -1,
  0.5,
  1e21,
  1e308,
  -1e308,
  5e-324,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 53 + 2,
  8.64e15,
] as const;

export const LONE_SURROGATES = ['\ud800', '\udc00', 'a\udfffb', '\ud83d', '\udc00\ud800'] as const;

/** Sets an own property, also where the name is `__proto__`; leaves what cannot be changed (the bytes of an array) as it is. */
function define(target: object, key: string, value: unknown): void {
  if (Array.isArray(target) && key === 'length') return;
  Reflect.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

const special = (key: string): object => {
  const object = {};
  define(object, key, { polluted: true });
  return object;
};

const nested = (depth: number, isArray: boolean): unknown => {
  let value: unknown = 0;
  for (let level = 0; level < depth; level += 1) value = isArray ? [value] : { a: value };
  return value;
};

const cycle = (): object => {
  const object: Record<string, unknown> = { type: 'ACK' };
  object['batch'] = object;
  return object;
};

/** Text of any kind: whole, broken, with control characters, long. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(...LONE_SURROGATES, ...SPECIAL_KEYS),
  fc.constantFrom(
    '\0',
    '\u202e\u2066',
    '<img src=x onerror=alert(1)>',
    ['javascript', 'alert(1)'].join(':'),
    '\ufeff',
    'null',
    'NaN',
  ),
  fc.constantFrom(63, 64, 65, 200, 201, 500, 501, 4_097, 100_000).map((length) => 'x'.repeat(length)),
);

/** Anything that a port of either browser could hand over. Objects are new each time: a {@link Change} may change them. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<unknown>(undefined, null, true, NaN, Infinity, -Infinity, ...NUMBERS) },
  { weight: 3, arbitrary: hostileText },
  { weight: 2, arbitrary: fc.integer() },
  { weight: 1, arbitrary: fc.constantFrom(...SPECIAL_KEYS).map(special) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<() => unknown>(
        () => [],
        () => ({}),
        () => [[]],
        () => [null],
        () => [undefined],
        () => [{}],
      )
      .map((make) => make()),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(31, 32, 33, 100, 2_000), fc.boolean())
      .map(([depth, isArray]) => nested(depth, isArray)),
  },
  { weight: 1, arbitrary: fc.constantFrom(255, 256, 257, 5_000).map((length) => Array.from({ length }, () => 0)) },
  // What only Firefox carries, as it clones.
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<() => unknown>(
        () => new Date(0),
        () => new Map([['type', 'ACK']]),
        () => new Uint8Array(8),
        () => 1n,
        () => Object.assign([], { length: 1_000 }),
        () => /x/,
        () => new Error('x'),
        cycle,
      )
      .map((make) => make()),
  },
  { weight: 1, arbitrary: fc.anything({ withNullPrototype: true, maxDepth: 2, maxKeys: 4 }) },
);

interface Change {
  how: 'replace' | 'remove' | 'add' | 'wrap';
  /** Which of the message's members, counted through all of it. */
  where: number;
  key: string;
  value: unknown;
}

const change: fc.Arbitrary<Change> = fc.record({
  how: fc.constantFrom('replace' as const, 'replace' as const, 'remove' as const, 'add' as const, 'wrap' as const),
  where: fc.nat({ max: 40 }),
  key: fc.oneof(fc.constantFrom(...SPECIAL_KEYS), hostileText),
  value: hostileValue,
});

/** All members of `root`, with who holds them. */
function membersOf(root: object): [holder: object, key: string][] {
  const members: [object, string][] = [];
  const holders = [root];
  for (let holder = holders.shift(); holder && members.length < 100; holder = holders.shift()) {
    for (const [key, value] of Object.entries(holder)) {
      members.push([holder, key]);
      // What lies in typed arrays are bytes.
      if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) holders.push(value as object);
    }
  }
  return members;
}

function apply(message: object, { how, where, key, value }: Change): void {
  const members = membersOf(message);
  const [holder, name] = members[where % Math.max(1, members.length)] ?? [message, key];
  if (how === 'replace') define(holder, name, value);
  if (how === 'remove') Reflect.deleteProperty(holder, name);
  if (how === 'add') define(holder, key, value);
  if (how === 'wrap') define(holder, name, [(holder as Record<string, unknown>)[name]]);
}

/** `valid` as it is, with up to 3 changes, or something else altogether. */
export const nearly = (valid: fc.Arbitrary<object>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 3, arbitrary: valid },
    {
      weight: 6,
      arbitrary: fc.tuple(valid, fc.array(change, { minLength: 1, maxLength: 3 })).map(([message, changes]) => {
        const copy = structuredClone(message);
        for (const one of changes) apply(copy, one);
        return copy as unknown;
      }),
    },
    { weight: 1, arbitrary: hostileValue },
  );
