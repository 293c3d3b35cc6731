import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createUsedLines } from '../../../utils/feeds/used-lines';

const take = (...pieces: string[]): string => pieces.map(createUsedLines()).join('');

/** What the parser tells of this text, and how many errors it made. */
function parse(text: string): { told: unknown[]; errors: number } {
  const told: unknown[] = [];
  let errors = 0;
  const parser = createParser({
    onEvent: (event) => told.push(event),
    onId: (id) => told.push(['id', id]),
    onRetry: (ms) => told.push(['retry', ms]),
    onComment: (comment) => told.push(['comment', comment]),
    onError: () => (errors += 1),
  });
  parser.feed(text);
  return { told, errors };
}

describe('the lines of an event stream', () => {
  test.each([
    ['data: 1\n\n', 'data: 1\n\n'],
    ['data\n\n', 'data\n\n'],
    ['id: 1\nevent: x\nretry: 5\n: comment\n:\n\n', 'id: 1\nevent: x\nretry: 5\n: comment\n:\n\n'],
    ['data: 1\r\n\r\ndata: 2\r\rdata: 3\n\n', 'data: 1\n\ndata: 2\n\ndata: 3\n\n'],
    ['x\nx: y\nDATA: 1\ndata : 1\ndatas: 1\n data: 1\n', ''],
    ['data: 1\nx\n\n', 'data: 1\n\n'],
    ['data: 1\rx\n\n', 'data: 1\n\n'],
    ['retry\nretry:\nretry: -1\nretry: 1e3\n', ''],
    [`retry: ${'9'.repeat(50)}\nretry: ${'9'.repeat(51)}\n`, `retry: ${'9'.repeat(50)}\n`],
    ['data: half', 'data: half'],
    ['x: half', ''],
    ['dat', ''],
  ])('of %j are %j', (text, used) => {
    expect(take(text)).toBe(used);
    expect(take(...text)).toBe(used);
  });

  test('are the same wherever the text is cut, and give a parser the same without errors', () => {
    const lineEnd = fc.constantFrom('\n', '\r', '\r\n');
    const part = fc.constantFrom('data:', 'data', 'da', 'ta: 1', 'id:', 'event: x', 'retry:', ' 12', ':', 'x', 'x:');
    const piece = fc.oneof(lineEnd, part);
    fc.assert(
      fc.property(fc.array(piece), fc.nat(), (pieces, cut) => {
        const text = pieces.join('');
        const whole = take(text);
        expect(take(...pieces)).toBe(whole);
        const at = cut % (text.length + 1);
        expect(take(text.slice(0, at), text.slice(at))).toBe(whole);
        const ended = `${text}\n\n`;
        expect(parse(take(ended))).toEqual({ told: parse(ended).told, errors: 0 });
      }),
      { numRuns: 2_000 },
    );
  });

  test('of a flood that nobody reads are held nowhere', () => {
    const filter = createUsedLines();
    expect(Array.from({ length: 1_000 }, () => filter('x'.repeat(1_000))).join('')).toBe('');
    expect(filter('\ndata: 1\n')).toBe('data: 1\n');
  });
});
