import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openPoll } from '../../../utils/feeds/poll';
import { answerOf, createFakeMark, createRecorder, createWorld, redirect, settle } from './world';

const address = 'https://example.com/status.json';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function open(paceMs = 5_000, from = address) {
  const world = createWorld();
  const recorder = createRecorder();
  const controller = new AbortController();
  const readMark = createFakeMark();
  openPoll({ type: 'poll', address: from }, recorder.sink, {
    deps: world.deps,
    signal: controller.signal,
    paceMs,
    readMark,
  });
  return { ...world, world, recorder, readMark, end: () => controller.abort() };
}

describe('poll', () => {
  test('asks without credentials or cache, at its pace, counted from the start of a request', async () => {
    const { world, recorder, asked } = open();
    const first = await world.request();
    expect(first.init).toMatchObject({ credentials: 'omit', cache: 'no-store', referrerPolicy: 'no-referrer' });
    await vi.advanceTimersByTimeAsync(2_000);
    first.answer(answerOf('{"depth":1}'));
    await vi.advanceTimersByTimeAsync(2_999);
    expect(recorder.calls).toEqual([['data', { depth: 1 }]]);
    expect(recorder.status).toEqual({ state: 'live', reason: null, retryAt: null });
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked).toHaveLength(2);
  });

  test('never asks again within a second, however slow the answer', async () => {
    const { world, asked } = open(1_000);
    const first = await world.request();
    await vi.advanceTimersByTimeAsync(5_000);
    first.answer(answerOf('1'));
    await vi.advanceTimersByTimeAsync(999);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked).toHaveLength(2);
  });

  test('does not burst when the clock jumps', async () => {
    const { world, asked } = open();
    const first = await world.request();
    vi.setSystemTime(Date.now() + 3_600_000);
    first.answer(answerOf('1'));
    await vi.advanceTimersByTimeAsync(999);
    expect(asked).toHaveLength(1);
    const second = await vi.advanceTimersByTimeAsync(1).then(() => world.request());
    vi.setSystemTime(Date.now() - 7_200_000);
    second.answer(answerOf('1'));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(asked).toHaveLength(3);
  });

  test('asks conditionally and takes 304 as fresh', async () => {
    const { world, recorder } = open();
    (await world.request()).answer(
      answerOf('1', { headers: { ETag: 'W/"a"', 'Last-Modified': 'Fri, 20 Nov 2026 08:00:00 GMT' } }),
    );
    await vi.advanceTimersByTimeAsync(5_000);
    const second = await world.request();
    expect(second.headers).toMatchObject({
      'If-None-Match': 'W/"a"',
      'If-Modified-Since': 'Fri, 20 Nov 2026 08:00:00 GMT',
    });
    second.answer(answerOf(null, { status: 304 }));
    await settle();
    expect(recorder.calls).toEqual([['data', 1], ['fresh']]);
    expect(recorder.status?.state).toBe('live');
  });

  test('does not take a 304 that it did not ask for', async () => {
    const { world, recorder } = open();
    (await world.request()).answer(answerOf(null, { status: 304 }));
    await settle();
    expect(recorder.calls).toEqual([]);
    expect(recorder.status).toMatchObject({ state: 'blocked', reason: { code: 'http', detail: '304' } });
  });

  describe('without access, where a validator needs the leave of the server', () => {
    const hasValidator = ({ headers }: { headers: Record<string, string> }): boolean => 'If-None-Match' in headers;

    /** Opens, and has the first answer with an `ETag`. */
    async function openWithTag() {
      const opened = open();
      opened.state.hasAccess = false;
      (await opened.world.request()).answer(answerOf('1', { headers: { ETag: '"a"' } }));
      await vi.advanceTimersByTimeAsync(5_000);
      return opened;
    }

    test('asks at once without it when it failed, and is live all the time', async () => {
      const { world, recorder, asked } = await openWithTag();
      (await world.request()).fail();
      await settle();
      expect(asked.map(hasValidator)).toEqual([false, true, false]);
      (await world.request()).answer(answerOf('2', { headers: { ETag: '"b"' } }));
      await settle();
      expect(recorder.data()).toEqual([1, 2]);
      expect(recorder.statuses.map(({ state }) => state)).toEqual(['live', 'live']);
    });

    test('tries it once more, as it may have been the network, and then leaves it out', async () => {
      const { world, asked } = await openWithTag();
      for (const tag of ['"b"', '"c"']) {
        (await world.request()).fail();
        await settle();
        (await world.request()).answer(answerOf('2', { headers: { ETag: tag } }));
        await vi.advanceTimersByTimeAsync(5_000);
      }
      expect(asked.map(hasValidator)).toEqual([false, true, false, true, false, false]);
    });

    test('keeps it after a failure of both, and after one that came back', async () => {
      const { world, recorder, asked } = await openWithTag();
      for (let failure = 0; failure < 5; failure += 1) {
        (await world.request()).fail();
        await settle();
        (await world.request()).fail();
        await settle();
        await vi.advanceTimersByTimeAsync((recorder.status?.retryAt ?? 0) - Date.now());
      }
      expect(hasValidator(await world.request())).toBe(true);
      (await world.request()).answer(answerOf(null, { status: 304 }));
      await vi.advanceTimersByTimeAsync(5_000);
      expect(asked.slice(-2).map(hasValidator)).toEqual([true, true]);
    });

    test('waits for one that is late, asks without it the next time, and leaves it out after two', async () => {
      const { world, recorder, asked } = await openWithTag();
      for (const tag of ['"b"', '"c"']) {
        await vi.advanceTimersByTimeAsync(10_000);
        expect(recorder.status).toMatchObject({ state: 'retrying', reason: { code: 'timeout' } });
        await vi.advanceTimersByTimeAsync(1_000);
        (await world.request()).answer(answerOf('2', { headers: { ETag: tag } }));
        await settle();
        expect(recorder.status).toMatchObject({ state: 'live' });
        await vi.advanceTimersByTimeAsync(5_000);
      }
      expect(asked.map(hasValidator)).toEqual([false, true, false, true, false, false]);
    });

    test('keeps it when the request without it is late as well', async () => {
      const { asked } = await openWithTag();
      await vi.advanceTimersByTimeAsync(40_000);
      expect(asked.slice(0, 4).map(hasValidator)).toEqual([false, true, false, true]);
    });
  });

  test('with access a failed validator is a failed network', async () => {
    const { world, recorder, asked } = open();
    (await world.request()).answer(answerOf('1', { headers: { ETag: '"a"' } }));
    await vi.advanceTimersByTimeAsync(5_000);
    (await world.request()).fail();
    await settle();
    expect(recorder.status).toMatchObject({ state: 'retrying', reason: { code: 'network' } });
    expect(asked).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await world.request()).headers).toHaveProperty('If-None-Match');
  });

  test.each<[string, string | Uint8Array<ArrayBuffer>, unknown[]]>([
    ['a BOM', '\uFEFF{"a":1}', ['data', { a: 1 }]],
    ['broken JSON', '{"a":', ['bad', 'bad-data', 'not JSON']],
    ['an empty body', '', ['bad', 'bad-data', 'not JSON']],
    ['HTML', '<!doctype html>', ['bad', 'bad-data', 'not JSON']],
    ['deep JSON', `${'['.repeat(100_000)}`, ['bad', 'bad-data', 'not JSON']],
    ['1 MiB', `"${'x'.repeat(1024 * 1024 - 2)}"`, ['data', 'x'.repeat(1024 * 1024 - 2)]],
    ['more than 1 MiB', `"${'x'.repeat(1024 * 1024 - 1)}"`, ['bad', 'too-large', 'more than 1 MiB']],
    ['bytes that are not UTF-8', new Uint8Array([34, 0xff, 34]), ['data', '\uFFFD']],
  ])('of %s goes on at its pace', async (_, body, call) => {
    const { world, recorder, asked } = open();
    (await world.request()).answer(answerOf(body));
    await settle();
    expect(recorder.calls).toEqual([call]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(asked).toHaveLength(2);
  });

  test('does not read a body that says it is too long, nor more than the limit of one that does not', async () => {
    const { world, recorder } = open();
    let pulled = 0;
    const endless = () =>
      new ReadableStream({
        pull(controller) {
          pulled += 1;
          controller.enqueue(new Uint8Array(64 * 1024));
        },
      });
    (await world.request()).answer(answerOf(endless(), { headers: { 'Content-Length': '1048577' } }));
    await settle();
    expect(pulled).toBeLessThan(3);
    await vi.advanceTimersByTimeAsync(5_000);
    (await world.request()).answer(answerOf(endless()));
    await settle();
    const refused = ['bad', 'too-large', 'more than 1 MiB'];
    expect(recorder.calls).toEqual([refused, refused]);
    expect(pulled).toBeLessThan(22);
  });

  test.each<[number, Record<string, string>, string, number]>([
    [401, {}, 'blocked', 75_000],
    [403, {}, 'blocked', 75_000],
    [404, {}, 'blocked', 75_000],
    [410, {}, 'blocked', 75_000],
    [403, { 'Retry-After': '600' }, 'blocked', 600_000],
    [408, {}, 'retrying', 1_000],
    [429, { 'Retry-After': '30' }, 'retrying', 30_000],
    [500, {}, 'retrying', 1_000],
    [503, { 'Retry-After': 'Tue, 14 Nov 2023 22:15:20 GMT' }, 'retrying', 120_000],
    [503, { 'Retry-After': '999999' }, 'retrying', 3_600_000],
    [503, { 'Retry-After': 'soon' }, 'retrying', 1_000],
    [503, { 'Retry-After': 'Tue, 14 Nov 2000 22:15:20 GMT' }, 'retrying', 1_000],
  ])('HTTP %i %j is %s, tried again after %i ms', async (status, headers, state, delayMs) => {
    const { world, recorder, asked } = open();
    (await world.request()).answer(answerOf('{}', { status, headers }));
    await settle();
    expect(recorder.status).toEqual({
      state,
      reason: { code: 'http', detail: String(status) },
      retryAt: Date.now() + delayMs,
    });
    expect(recorder.calls).toEqual([]);
    await vi.advanceTimersByTimeAsync(delayMs - 1);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked).toHaveLength(2);
  });

  test('without access it is blocked until the person gives it, where the server is there', async () => {
    const { world, state, recorder, asked } = open();
    state.hasAccess = false;
    (await world.request()).fail();
    await settle();
    expect(recorder.status).toMatchObject({
      state: 'blocked',
      reason: { code: 'needs-access', detail: 'example.com' },
      retryAt: Date.now() + 75_000,
    });
    await vi.advanceTimersByTimeAsync(75_000);
    expect(asked).toHaveLength(2);
  });

  test('without access a failure is the network’s once an answer could be read', async () => {
    const { world, state, recorder, readMark } = open();
    state.hasAccess = false;
    (await world.request()).answer(answerOf('1'));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(readMark.isSet).toBe(true);
    (await world.request()).fail();
    await settle();
    expect(recorder.status).toMatchObject({ state: 'retrying', reason: { code: 'network', detail: '' } });
  });

  test('gives up a request after 10 s, also in the middle of its body', async () => {
    const { world, recorder } = open();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(recorder.status).toMatchObject({ state: 'retrying', reason: { code: 'timeout' } });
    await vi.advanceTimersByTimeAsync(1_000);
    const second = await world.request();
    const body = new ReadableStream({
      start(controller) {
        second.init.signal?.addEventListener('abort', () => controller.error(new DOMException('', 'AbortError')));
      },
    });
    second.answer(answerOf(body));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(recorder.statuses).toHaveLength(2);
    expect(recorder.status).toMatchObject({ reason: { code: 'timeout' } });
  });

  test('waits longer after each failure, to a minute, and starts again after it worked', async () => {
    const { world, state, recorder } = open(1_000);
    state.random = 0.999;
    const delays: number[] = [];
    for (let i = 0; i < 9; i += 1) {
      (await world.request()).fail();
      await settle();
      const delayMs = (recorder.status?.retryAt ?? 0) - Date.now();
      delays.push(Math.round(delayMs / 1_000));
      await vi.advanceTimersByTimeAsync(delayMs);
    }
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    for (let i = 0; i < 11; i += 1) {
      (await world.request()).answer(answerOf('1'));
      await vi.advanceTimersByTimeAsync(1_000);
    }
    (await world.request()).fail();
    await settle();
    expect((recorder.status?.retryAt ?? 0) - Date.now()).toBe(1_000);
  });

  test.each([
    'http://example.com/',
    'https://a:b@example.com/',
    'ftp://example.com/',
    'http://192.168.1.1/',
    'https://localhost/',
    'http://printer/',
  ])('is blocked when it is led to %s', async (url) => {
    const { world, recorder } = open();
    (await redirect(world)).answer(answerOf('{"secret":1}', { url }));
    await settle();
    expect(recorder.calls).toEqual([]);
    expect(recorder.status).toMatchObject({ state: 'blocked', reason: { code: 'redirected' } });
    expect(recorder.status?.reason?.detail).not.toContain('a:b');
  });

  test.each(['http://localhost:4100/b', 'http://192.168.1.1/', 'https://example.com/'])(
    'a source of the own network may lead to %s',
    async (url) => {
      const { world, recorder } = open(5_000, 'http://localhost:4100/a');
      (await redirect(world)).answer(answerOf('1', { url }));
      await settle();
      expect(recorder.data()).toEqual([1]);
    },
  );

  test('takes nothing of a body that ends after its end', async () => {
    const { world, recorder, end } = open();
    let finish = (): void => {};
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('1'));
        finish = () => controller.close();
      },
    });
    (await world.request()).answer(answerOf(body));
    await settle();
    end();
    finish();
    await settle();
    expect([recorder.calls, recorder.statuses]).toEqual([[], []]);
  });

  test('leaves no listener behind with each request', async () => {
    const world = createWorld();
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    openPoll({ type: 'poll', address }, createRecorder().sink, {
      deps: world.deps,
      signal,
      paceMs: 1_000,
      readMark: createFakeMark(),
    });
    for (let i = 0; i < 5; i += 1) {
      (await world.request()).answer(answerOf('1'));
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(added.mock.calls.length).toBeGreaterThan(9);
    // The request under way has one.
    expect(added.mock.calls.length - removed.mock.calls.length).toBe(1);
  });

  describe('of a source that redirects', () => {
    const ELSEWHERE = 'https://other.example.com/';
    const ways = (asked: { init: RequestInit }[]) => asked.map(({ init }) => init.redirect);

    test('follows to another address that may be used, and at once from then on', async () => {
      const { world, recorder, asked } = open();
      (await redirect(world)).answer(answerOf('1', { url: ELSEWHERE }));
      await vi.advanceTimersByTimeAsync(5_000);
      (await world.request()).answer(answerOf('2', { url: ELSEWHERE }));
      await vi.advanceTimersByTimeAsync(5_000);
      expect(recorder.data()).toEqual([1, 2]);
      expect(ways(asked)).toEqual(['manual', 'follow', 'follow', 'follow']);
    });

    test('forgets it with an answer of its own', async () => {
      const { world, asked } = open();
      (await redirect(world)).answer(answerOf('1', { url: ELSEWHERE }));
      await vi.advanceTimersByTimeAsync(5_000);
      (await world.request()).answer(answerOf('2'));
      await vi.advanceTimersByTimeAsync(5_000);
      expect(ways(asked)).toEqual(['manual', 'follow', 'follow', 'manual']);
    });

    test('follows once a minute where nothing answers, however plain a second look is answered', async () => {
      const { world, recorder, asked } = open();
      world.state.probes = 'readable';
      (await redirect(world)).fail();
      await settle();
      for (let failure = 0; failure < 3; failure += 1) {
        expect(recorder.status).toEqual({
          state: 'blocked',
          reason: { code: 'redirected', detail: '' },
          retryAt: Date.now() + 75_000,
        });
        await vi.advanceTimersByTimeAsync(75_000);
        (await world.request()).fail();
        await settle();
      }
      expect(ways(asked)).toEqual(['manual', 'follow', 'follow', 'follow', 'follow']);
    });

    test('waits a minute after one that leads to nothing in time', async () => {
      const { world, recorder } = open();
      await redirect(world);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(recorder.status).toMatchObject({ state: 'blocked', reason: { code: 'redirected' } });
    });

    test.each<[string, string, number]>([
      ['other than JSON', ELSEWHERE, 60_000],
      ['too long', ELSEWHERE, 60_000],
      ['other than JSON', 'https://example.com/moved.json', 5_000],
    ])('waits after an answer that is %s, of %s, for %d ms', async (what, url, delayMs) => {
      const { world, asked } = open();
      const body = what === 'too long' ? 'x'.repeat(1024 * 1024 + 1) : '<!doctype html>';
      (await redirect(world)).answer(answerOf(body, { url }));
      await vi.advanceTimersByTimeAsync(delayMs - 1);
      expect(asked).toHaveLength(2);
      await vi.advanceTimersByTimeAsync(1);
      expect(asked).toHaveLength(3);
    });

    test.each([
      ['https://other.example.com/', 60_000],
      ['https://example.com/moved.json', 1_000],
    ])('waits after a body of %s that breaks for %d ms', async (url, delayMs) => {
      const { world, recorder } = open();
      const broken = new ReadableStream({ start: (controller) => controller.error(new TypeError('network error')) });
      (await redirect(world)).answer(answerOf(broken, { url }));
      await settle();
      expect(recorder.status).toEqual({
        state: 'retrying',
        reason: { code: 'network', detail: '' },
        retryAt: Date.now() + delayMs,
      });
    });

    test('follows once in an attempt, and asks without a validator the next time', async () => {
      const { world, recorder, asked } = open();
      world.state.hasAccess = false;
      (await redirect(world)).answer(answerOf('1', { url: ELSEWHERE, headers: { ETag: '"a"' } }));
      await vi.advanceTimersByTimeAsync(5_000);
      (await world.request()).fail();
      await settle();
      expect(recorder.status).toMatchObject({ state: 'blocked', reason: { code: 'redirected' } });
      expect(asked).toHaveLength(3);
      await vi.advanceTimersByTimeAsync(75_000);
      expect(asked.map(({ headers }) => 'If-None-Match' in headers)).toEqual([false, false, true, false]);
    });
  });

  test.each(['before the answer', 'while waiting', 'while retrying'])('says nothing after its end %s', async (when) => {
    const { world, recorder, asked, end } = open();
    const first = await world.request();
    if (when === 'while waiting') first.answer(answerOf('1'));
    if (when === 'while retrying') first.fail();
    await settle();
    const said = recorder.calls.length + recorder.statuses.length;
    end();
    first.answer(answerOf('2'));
    await vi.advanceTimersByTimeAsync(600_000);
    expect(recorder.calls.length + recorder.statuses.length).toBe(said);
    expect(asked).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
