import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ask, beginRequest, endingOf, MAX_RETRY_AFTER_MS, readText, retryAfterMs } from '../../../utils/feeds/http';
import { ANSWER_LIMIT_MS } from '../../../utils/feeds/source';
import { answerOf, createWorld } from './world';

const ADDRESS = 'https://example.com/x';
const NOW = Date.UTC(2026, 0, 1);

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

function createBench() {
  const world = createWorld();
  const ending = new AbortController();
  const options = { deps: world.deps, signal: ending.signal };
  return { ...world, ending, options, request: beginRequest(options) };
}

describe('request', () => {
  test('asks without credentials, cache and referrer', async () => {
    const { asked, request, options } = createBench();
    void ask(ADDRESS, { headers: { Accept: 'application/json' }, redirect: 'manual' }, request, options);
    expect(asked[0]).toMatchObject({
      url: ADDRESS,
      headers: { Accept: 'application/json' },
      init: { cache: 'no-store', credentials: 'omit', referrerPolicy: 'no-referrer', redirect: 'manual' },
    });
  });

  test('is given up after 10 s, and is late then', async () => {
    const { request, options } = createBench();
    const failed = ask(ADDRESS, { headers: {}, redirect: 'manual' }, request, options);
    await vi.advanceTimersByTimeAsync(ANSWER_LIMIT_MS - 1);
    expect([request.signal.aborted, request.isLate()]).toEqual([false, false]);
    await vi.advanceTimersByTimeAsync(1);
    expect([await failed, request.signal.aborted, request.isLate()]).toEqual([null, true, true]);
  });

  test('may take as long as it likes once its limit is lifted', async () => {
    const { request } = createBench();
    request.unlimit();
    await vi.advanceTimersByTimeAsync(10 * ANSWER_LIMIT_MS);
    expect(request.signal.aborted).toBe(false);
  });

  test.each(['its own end', 'that of its source'])('frees all it holds with %s', (which) => {
    const { request, ending } = createBench();
    if (which === 'its own end') request.end();
    else ending.abort();
    expect(request.signal.aborted).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('retryAfterMs', () => {
  test.each([
    [null, 0],
    ['', 0],
    ['0', 0],
    ['7', 7_000],
    [' 7 ', 7_000],
    ['1.5', 0],
    ['-7', 0],
    ['soon', 0],
    ['99999999999999999999', MAX_RETRY_AFTER_MS],
    [new Date(NOW + 30_000).toUTCString(), 30_000],
    [new Date(NOW - 30_000).toUTCString(), 0],
    [new Date(NOW + 86_400_000).toUTCString(), MAX_RETRY_AFTER_MS],
  ])('reads %j as %d ms', (header, delayMs) => {
    expect(retryAfterMs(header, NOW)).toBe(delayMs);
  });

  test('is from 0 to an hour whatever comes', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        const delayMs = retryAfterMs(header, NOW);
        expect(delayMs >= 0 && delayMs <= MAX_RETRY_AFTER_MS).toBe(true);
      }),
    );
  });
});

describe('endingOf', () => {
  test.each([200, 204, 299])('takes %d for good', (status) => {
    expect(endingOf(answerOf(null, { status, url: ADDRESS }), ADDRESS, 'poll', NOW)).toBeNull();
  });

  test.each([
    [400, 'blocked'],
    [401, 'blocked'],
    [404, 'blocked'],
    [408, 'retry'],
    [425, 'retry'],
    [429, 'retry'],
    [500, 'retry'],
    [503, 'retry'],
  ])('takes %d for %s', (status, kind) => {
    expect(endingOf(answerOf('', { status }), ADDRESS, 'poll', NOW)).toMatchObject({
      kind,
      reason: { code: 'http', detail: String(status) },
      notBeforeMs: 0,
    });
  });

  test.each<[number, number, string, number]>([
    [503, 0, 'https://example.com/y', 0],
    [503, 0, 'https://other.example/y', 60_000],
    [503, 0, 'https://example.com:8443/x', 60_000],
    [503, 90, 'https://other.example/y', 90_000],
    [404, 0, 'https://other.example/y', 60_000],
  ])('of %d with Retry-After %d that came from %s waits %d ms at least', (status, retryAfter, url, leastMs) => {
    const answer = answerOf('', { status, url, headers: { 'Retry-After': String(retryAfter) } });
    expect(endingOf(answer, ADDRESS, 'poll', NOW)?.notBeforeMs).toBe(leastMs);
  });

  test('waits for as long as the server asks', () => {
    const answer = answerOf('', { status: 429, headers: { 'Retry-After': '30' } });
    expect(endingOf(answer, ADDRESS, 'poll', NOW)?.notBeforeMs).toBe(30_000);
  });

  test.each([
    ['https://example.com/x', 'https://other.example/y', null],
    ['https://example.com/x', 'http://example.com/x', 'http://example.com'],
    ['https://example.com/x', 'https://192.168.1.1/admin', 'https://192.168.1.1'],
    ['https://example.com/x', 'http://localhost:8080/', 'http://localhost:8080'],
    ['http://localhost:4100/x', 'http://127.0.0.1:4100/y', null],
    ['http://192.168.1.2/x', 'https://example.com/', null],
    ['http://192.168.1.2/x', 'http://example.com/', 'http://example.com'],
  ])('of %s that led to %s refuses %j', (from, to, refused) => {
    const ending = endingOf(answerOf('{}', { url: to }), from, 'poll', NOW);
    if (refused === null) expect(ending).toBeNull();
    else expect(ending).toMatchObject({ kind: 'blocked', reason: { code: 'redirected', detail: refused } });
  });
});

describe('readText', () => {
  const streamOf = (...pieces: Uint8Array[]): ReadableStream<Uint8Array> =>
    new ReadableStream({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece);
        controller.close();
      },
    });
  const bytes = new TextEncoder().encode('größer 😀');

  test.each(Array.from({ length: bytes.length + 1 }, (_, cut) => cut))(
    'puts together what is cut at byte %d',
    async (cut) => {
      const body = streamOf(bytes.subarray(0, cut), bytes.subarray(cut));
      expect(await readText(answerOf(body), 100)).toBe('größer 😀');
    },
  );

  test('drops a byte order mark, and gives what is no UTF-8 as replacement characters', async () => {
    expect(await readText(answerOf(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])), 100)).toBe('a');
    expect(await readText(answerOf(new Uint8Array([0x61, 0xff])), 100)).toBe('a\uFFFD');
    expect(await readText(answerOf(new Uint8Array([0x61, 0xe2, 0x82])), 100)).toBe('a\uFFFD');
  });

  test('gives an empty text for no body', async () => {
    expect(await readText(answerOf(null), 100)).toBe('');
  });

  test('takes as many bytes as it may, and none more', async () => {
    expect(await readText(answerOf(streamOf(bytes)), bytes.length)).toBe('größer 😀');
    expect(await readText(answerOf(streamOf(bytes)), bytes.length - 1)).toBeNull();
    expect(await readText(answerOf(streamOf(bytes, bytes)), bytes.length)).toBeNull();
  });

  test('reads nothing of a body that says that it is too long', async () => {
    const answer = answerOf(streamOf(bytes), { headers: { 'Content-Length': '101' } });
    expect(await readText(answer, 100)).toBeNull();
    expect(answer.bodyUsed).toBe(false);
  });

  test('lets others have their turn after each piece', async () => {
    const turns: number[] = [];
    let pulled = 0;
    const body = new ReadableStream(
      {
        pull(controller) {
          if (pulled === 3) return controller.close();
          pulled += 1;
          controller.enqueue(bytes);
        },
      },
      { highWaterMark: 0 },
    );
    await readText(answerOf(body), 100, () => {
      turns.push(pulled);
      return null;
    });
    expect(turns).toEqual([1, 2, 3]);
  });

  test('rejects when the connection breaks', async () => {
    const body = new ReadableStream({
      start: (controller) => controller.error(new TypeError('network error')),
    });
    await expect(readText(answerOf(body), 100)).rejects.toThrow('network error');
  });
});
