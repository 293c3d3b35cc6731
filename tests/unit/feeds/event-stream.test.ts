import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEventStream } from '../../../utils/feeds/event-stream';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const LIMIT = 1024 * 1024;

function createReader() {
  const got: unknown[] = [];
  let lives = 0;
  const stream = createEventStream({
    onEvent: ({ event, id, data }) => got.push({ event, id, data: data.length > 100 ? data.length : data }),
    onId: (id) => got.push(`id ${id}`),
    onRetry: (delayMs) => got.push(`retry ${delayMs}`),
    onLife: () => (lives += 1),
    onTooLarge: () => got.push('too large'),
  });
  return { got, feed: stream.feed, lives: () => lives };
}

function read(...chunks: Uint8Array[]): unknown[] {
  const reader = createReader();
  for (const chunk of chunks) reader.feed(chunk);
  return reader.got;
}

const story = [
  '\uFEFFid: 1\nevent: line\ndata: Größe 数 🏗\n\n',
  ': still here\r\n\r\n',
  'retry: 2500\ndata: a\ndata: b\nid: 2\n\n',
  'data: c\r\rid: 3\rdata: d\r\r',
  'id: 4\r\ndata: e\r\n\r\n',
  'nonsense\nfoo: bar\ndata: f\n\n',
  'id: 5\n\n',
  'data: incomplete',
].join('');

const told = [
  'id 1',
  { event: 'line', id: '1', data: 'Größe 数 🏗' },
  'retry 2500',
  'id 2',
  { event: undefined, id: '2', data: 'a\nb' },
  { event: undefined, id: undefined, data: 'c' },
  'id 3',
  { event: undefined, id: '3', data: 'd' },
  'id 4',
  { event: undefined, id: '4', data: 'e' },
  { event: undefined, id: undefined, data: 'f' },
  'id 5',
];

describe('an event stream', () => {
  test('tells the same wherever it is cut', () => {
    const bytes = encode(story);
    expect(read(bytes)).toEqual(told);
    for (let cut = 1; cut < bytes.length; cut += 1) {
      expect(read(bytes.subarray(0, cut), bytes.subarray(cut)), `cut at ${cut}`).toEqual(told);
    }
    expect(read(...Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)))).toEqual(told);
  });

  test('drops one byte order mark at its start, wherever it is cut', () => {
    for (const [text, got] of [
      ['\uFEFFdata: 1\n\n', ['1']],
      ['\uFEFF\uFEFFdata: 1\n\ndata: 2\n\n', ['2']],
      ['data: 1\n\n\uFEFFdata: 2\n\n', ['1']],
    ] as const) {
      const bytes = encode(text);
      for (let cut = 0; cut < bytes.length; cut += 1) {
        const events = read(bytes.subarray(0, cut), bytes.subarray(cut));
        expect(events, `${JSON.stringify(text)} cut at ${cut}`).toMatchObject(got.map((data) => ({ data })));
      }
    }
  });

  test('never throws, whatever comes in whatever pieces', () => {
    const piece = fc.oneof(
      fc.constantFrom('\n', '\r', '\r\n', '\n\n', 'data:', 'id:', 'event:', 'retry:', ':', '\0', '\uFEFF'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(fc.array(piece)), (chunks) => {
        const text = chunks.map((chunk) => chunk.join(''));
        expect(read(...text.map(encode))).toEqual(read(encode(text.join(''))));
      }),
    );
  });

  test('counts a comment and an id as life, and half a line as nothing', () => {
    const { feed, lives } = createReader();
    feed(encode('x'.repeat(100_000)));
    expect(lives()).toBe(0);
    feed(encode('\n: comment\n'));
    expect(lives()).toBe(1);
    feed(encode('id: 1\n\n'));
    expect(lives()).toBe(2);
  });
});

describe('an event of more than 1 Mi characters', () => {
  const next = 'id: 9\ndata: next\n\n';
  const toldNext = ['id 9', { event: undefined, id: '9', data: 'next' }];
  const huge = 'y'.repeat(LIMIT + 1);

  test.each([
    ['one line', `data: ${huge}\n\n`],
    ['one line with CRLF', `data: ${huge}\r\n\r\n`],
    ['one line with CR', `data: ${huge}\r\r`],
    ['many lines', `${`data: ${'y'.repeat(999)}\n`.repeat(1_100)}\n`],
    ['a comment', `: ${huge}${huge}\n\n`],
  ])('of %s is dropped and counted, and reading goes on behind it', (_, event) => {
    const bytes = encode(`data: first\n\n${event}${next}${next}`);
    const first = { event: undefined, id: undefined, data: 'first' };
    for (const size of [1_000_003, 65_536, 1_021, bytes.length]) {
      const chunks: Uint8Array[] = [];
      for (let i = 0; i < bytes.length; i += size) chunks.push(bytes.subarray(i, i + size));
      const got = read(...chunks);
      // A comment that comes whole is never held.
      const isHeld = !event.startsWith(':') || size !== bytes.length;
      expect(got, `pieces of ${size}`).toEqual([first, ...(isHeld ? ['too large'] : []), ...toldNext, ...toldNext]);
    }
  });

  test('without an end is skipped for ever and holds no memory', () => {
    const reader = createReader();
    const piece = encode('z'.repeat(65_536));
    reader.feed(encode('data: '));
    for (let i = 0; i < 160; i += 1) reader.feed(piece);
    expect(reader.got).toEqual(['too large']);
    expect(reader.lives()).toBe(0);
  });

  test('is not taken for its end at a line end cut in two', () => {
    const start = encode(`data: ${huge}`);
    expect(
      read(start, encode('\r'), encode('\ndata: more'), encode('\r\n'), encode('\r'), encode(`\n${next}`)),
    ).toEqual(['too large', ...toldNext]);
  });
});

test('reads 20 000 events in one piece', () => {
  const bytes = encode(
    Array.from({ length: 20_000 }, (_, i) => `id: ${i}\ndata: {"line":"build ${i} finished"}\n\n`).join(''),
  );
  expect(read(bytes)).toHaveLength(40_000);
});
