import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { maxUtf8Bytes, type Port, post } from '../../../utils/stream/port';
import { MAX_MESSAGE_BYTES } from '../../../utils/stream/protocol';
import { createPortPair } from '../../fakes/port';

const utf8Bytes = (text: string): number => new TextEncoder().encode(text).length;

describe('maxUtf8Bytes', () => {
  test.each(['', 'a', '\0\x7f', '{"a":[1,2]}', 'x'.repeat(100_000)])('is exact for ASCII: %#', (text) => {
    expect(maxUtf8Bytes(text)).toBe(utf8Bytes(text));
  });

  test('is never less than a text takes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(maxUtf8Bytes(text)).toBeGreaterThanOrEqual(utf8Bytes(text));
      }),
    );
  });

  test.each(['é', '€', '😀', '\uD800'])('is never less for %j', (text) => {
    expect(maxUtf8Bytes(text)).toBeGreaterThanOrEqual(utf8Bytes(text));
  });
});

describe('post', () => {
  function createBench() {
    const { page, background, flush } = createPortPair();
    const received = vi.fn<(message: unknown) => void>();
    background.onMessage.addListener(received);
    return { port: page as unknown as Port, background, flush, received };
  }

  /** A message of this size as JSON. */
  const messageOf = (bytes: number): string => 'x'.repeat(bytes - 2);

  test('posts and says so', () => {
    const { port, flush, received } = createBench();
    expect(post(port, { a: 1 })).toBe(true);
    flush();
    expect(received).toHaveBeenCalledExactlyOnceWith({ a: 1 }, expect.anything());
  });

  test.each([
    [MAX_MESSAGE_BYTES, true],
    [MAX_MESSAGE_BYTES + 1, false],
  ])('of a message of %d bytes says %j', (bytes, isPosted) => {
    const { port, flush, received } = createBench();
    expect(post(port, messageOf(bytes))).toBe(isPosted);
    flush();
    expect(received).toHaveBeenCalledTimes(isPosted ? 1 : 0);
  });

  test('takes the size it is told', () => {
    const { port } = createBench();
    expect(post(port, 'short', MAX_MESSAGE_BYTES + 1)).toBe(false);
    expect(post(port, messageOf(MAX_MESSAGE_BYTES + 1), 0)).toBe(true);
  });

  test.each(['this end', 'the other end'])('says that it did not post once %s is closed', (end) => {
    const { port, background, flush } = createBench();
    (end === 'this end' ? port : background).disconnect();
    flush();
    expect(post(port, 'late')).toBe(false);
  });
});
