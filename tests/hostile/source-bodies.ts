/** What a hostile source may answer: bodies as bytes, cut anywhere, and headers. */
import fc from 'fast-check';
import { hostileText, LONE_SURROGATES, NUMBERS, SPECIAL_KEYS } from './hostile-values';

/** How a body comes: in one piece, byte by byte, or cut once. Long bodies come whole instead of byte by byte. */
export type Cut = 'whole' | 'bytes' | number;

export interface Body {
  bytes: Uint8Array<ArrayBuffer>;
  cut: Cut;
}

/** Longest body that is cut at every byte. */
const MAX_BYTEWISE = 400;

const encoder = new TextEncoder();
const KIB = 1024;

const cut: fc.Arbitrary<Cut> = fc.oneof(
  fc.constantFrom<Cut>('whole', 'bytes'),
  fc.nat({ max: 200 }).map((at): Cut => at),
);

/** The pieces of a body, in order. */
export function piecesOf({ bytes, cut: how }: Body): Uint8Array<ArrayBuffer>[] {
  if (how === 'bytes' && bytes.length <= MAX_BYTEWISE) return Array.from(bytes, (byte) => Uint8Array.of(byte));
  if (typeof how === 'number' && how < bytes.length) return [bytes.slice(0, how), bytes.slice(how)];
  return [bytes];
}

const nestedText = fc
  .tuple(fc.constantFrom(31, 33, 5_000, 500_000), fc.constantFrom(['[', ']'] as const, ['{"a":', '}'] as const))
  .map(([depth, [open, close]]) => `${open.repeat(depth)}1${close.repeat(depth)}`);

const numberText = fc.oneof(
  fc.constantFrom(...NUMBERS).map(String),
  fc.constantFrom('1e400', '-1e400', '0x10', '01', '1'.repeat(400), '-0', '1e-400', 'Infinity', '.5', '+1'),
);

const member = fc.tuple(
  fc.oneof(fc.constantFrom(...SPECIAL_KEYS, 'a'), hostileText),
  fc.oneof(
    numberText,
    fc.jsonValue({ maxDepth: 2, noUnicodeString: false }).map((value) => JSON.stringify(value)),
  ),
);

const objectText = fc
  .array(member, { maxLength: 4 })
  .map((members) => `{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join()}}`);

const longText = fc
  .tuple(
    fc.constantFrom(64 * KIB - 2, 64 * KIB, 64 * KIB + 1, 1024 * KIB - 10, 1024 * KIB, 1024 * KIB + 1, 1500 * KIB),
    fc.constantFrom('x', '"', '\\', 'é', '\n', ...LONE_SURROGATES),
  )
  .map(([length, unit]) => unit.repeat(Math.ceil(length / unit.length)));

/** JSON, nearly JSON, and what only looks like it. */
const jsonText: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: objectText },
  { weight: 4, arbitrary: fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)) },
  { weight: 3, arbitrary: numberText },
  { weight: 2, arbitrary: hostileText.map((text) => JSON.stringify(text)) },
  { weight: 2, arbitrary: fc.constantFrom(...LONE_SURROGATES).map((text) => `{"a":"${text}","b":"\\ud800"}`) },
  { weight: 1, arbitrary: fc.constantFrom('', ' ', 'null', '{}', '[]', '{"a":1,"a":2}', '{"a"', '{"a":}', '[1,]') },
);

const rareText: fc.Arbitrary<string> = fc.oneof(
  nestedText,
  nestedText.map((text) => `{"a":${text}}`),
  longText.map((text) => JSON.stringify(text)),
  longText.map((text) => `{"a":${JSON.stringify(text)}}`),
  longText,
);

const field = fc.constantFrom(
  'data',
  'data',
  'data',
  'event',
  'id',
  'retry',
  'unknown',
  '',
  'DATA',
  'data ',
  '\ufeffdata',
);
const fieldValue = fc.oneof(
  { weight: 6, arbitrary: jsonText },
  {
    weight: 3,
    arbitrary: fc.constantFrom('1', '2', '3', '999999999999999', '9'.repeat(400), '-1', '1e3', '\0', 'x\0y'),
  },
  { weight: 2, arbitrary: hostileText.filter((text) => !/[\r\n]/.test(text)) },
);
const lineEnd = fc.constantFrom('\n', '\n', '\n\n', '\n\n', '\r\n', '\r', '\r\n\r\n', '\r\r', '');
const eventLine = fc
  .tuple(field, fc.constantFrom(': ', ':', '', ' '), fieldValue, lineEnd)
  .map(([name, separator, value, end]) => `${name}${separator}${value}${end}`);
const eventText = fc.oneof(
  { weight: 30, arbitrary: fc.array(eventLine, { maxLength: 8 }).map((lines) => lines.join('')) },
  { weight: 1, arbitrary: rareText.map((text) => `data: ${text}\n\n`) },
  { weight: 1, arbitrary: longText.map((text) => `id: ${text}\n: ${text}\nevent: ${text}\n`) },
);

const BROKEN = [[0xff], [0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xfe, 0xff]];
const BOM = [0xef, 0xbb, 0xbf];

/** Puts what is no UTF-8, or a BOM, into a text. */
const spoilt = (text: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array<ArrayBuffer>> =>
  fc
    .tuple(
      text,
      fc.oneof(
        { weight: 4, arbitrary: fc.constant(null) },
        { weight: 1, arbitrary: fc.constant({ bytes: BOM, at: 0 }) },
        { weight: 2, arbitrary: fc.record({ bytes: fc.constantFrom(BOM, ...BROKEN), at: fc.nat({ max: 300 }) }) },
      ),
    )
    .map(([whole, extra]) => {
      const bytes = encoder.encode(whole);
      return extra === null
        ? bytes
        : Uint8Array.of(...bytes.subarray(0, extra.at), ...extra.bytes, ...bytes.subarray(extra.at, 100_000));
    });

const withCut = (bytes: fc.Arbitrary<Uint8Array<ArrayBuffer>>): fc.Arbitrary<Body> => fc.record({ bytes, cut });

/** A body for a source that is polled. */
export const pollBody: fc.Arbitrary<Body> = withCut(
  fc.oneof(
    { weight: 30, arbitrary: spoilt(jsonText) },
    { weight: 1, arbitrary: rareText.map((text) => encoder.encode(text)) },
  ),
);

/** A piece of an event stream. */
export const eventBody: fc.Arbitrary<Body> = withCut(spoilt(eventText));

/** A frame of a socket: text, or bytes. */
export const frame: fc.Arbitrary<string | ArrayBuffer> = fc.oneof(
  { weight: 30, arbitrary: jsonText },
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 8 }).map((bytes) => bytes.slice().buffer) },
  { weight: 1, arbitrary: rareText },
);

/** Headers and status of an answer. */
export const head = fc.record({
  status: fc.constantFrom(200, 200, 200, 200, 200, 200, 206, 304, 404, 429, 503, 599),
  headers: fc.record(
    {
      'Retry-After': fc.constantFrom('0', '-1', '9'.repeat(30), 'soon', 'Fri, 99 Foo 2026', '1e9', ' 5 ', '3600'),
      ETag: fc.constantFrom('"a"', 'W/"a"', '"', 'x'.repeat(1_001), '\u00ff', '*'),
      'Last-Modified': fc.constantFrom('never', 'Fri, 20 Nov 2026 08:00:00 GMT', 'x'.repeat(5_000)),
      'Content-Length': fc.constantFrom('0', '-1', '1', 'NaN', '1e3', '99999999999', '1, 2'),
      'Content-Type': fc.constantFrom('text/event-stream', 'text/html', '', `text/${'x'.repeat(5_000)}`),
    },
    { requiredKeys: [] },
  ),
  /** Where the answer came from in the end. */
  url: fc.constantFrom(
    '',
    '',
    '',
    'https://other.example/x',
    'http://other.example/x',
    'http://192.168.1.1/',
    'https://[::1]/',
    'data:application/json,1',
  ),
});
