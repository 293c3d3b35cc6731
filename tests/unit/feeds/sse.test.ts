import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SourceDefinition } from '../../../utils/feeds/feed';
import { openSse } from '../../../utils/feeds/sse';
import {
  answerOf,
  type Asked,
  type Body,
  createFakeMark,
  createRecorder,
  createWorld,
  redirect,
  settle,
  streamTo,
  type World,
} from './world';

const address = 'https://example.com/events';
type Options = Partial<Extract<SourceDefinition, { type: 'sse' }>> & { lastEventId?: string | null };

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function open({ lastEventId = null, ...definition }: Options = {}) {
  const world = createWorld();
  const recorder = createRecorder();
  const controller = new AbortController();
  openSse(
    { type: 'sse', address, event: null, consecutiveIds: false, silentAfterMs: 45_000, ...definition },
    recorder.sink,
    { deps: world.deps, signal: controller.signal, lastEventId, readMark: createFakeMark() },
  );
  return { world, recorder, asked: world.asked, end: () => controller.abort() };
}

describe('sse', () => {
  test('streams events, JSON as JSON and the rest as text', async () => {
    const { world, recorder } = open();
    const request = await world.request();
    expect(request.headers).toEqual({ Accept: 'text/event-stream' });
    expect(request.init).toMatchObject({ credentials: 'omit', cache: 'no-store' });
    const body = streamTo(request);
    await settle();
    expect(recorder.status).toEqual({ state: 'live', reason: null, retryAt: null });
    for (const data of ['{"a":1}', '12', ' true', '2026-11-20 build', 'broken {', '{broken', 'null', '"x"', '']) {
      body.write(`data:${data}\n\n`);
    }
    await settle();
    expect(recorder.data()).toEqual([{ a: 1 }, 12, true, '2026-11-20 build', 'broken {', '{broken', null, 'x', '']);
  });

  test('tells the id of each event before its data and resumes with the last', async () => {
    const { world, recorder } = open({ lastEventId: 'größe' });
    const first = await world.request();
    // UTF-8, as header bytes.
    expect(first.headers['Last-Event-ID']).toBe('grÃ¶Ã\u009Fe');
    const body = streamTo(first);
    body.write('id: a\ndata: 1\n\nid: b\n\n');
    await settle();
    expect(recorder.calls).toEqual([
      ['id', 'a'],
      ['data', 1],
      ['id', 'b'],
    ]);
    body.end();
    await settle();
    expect(recorder.status).toMatchObject({ state: 'retrying', reason: { code: 'closed' } });
    await vi.advanceTimersByTimeAsync(1_000);
    const second = await world.request();
    expect(second.headers['Last-Event-ID']).toBe('b');
    streamTo(second).write('id: \ndata: 2\n\n');
    await settle();
    expect(recorder.calls.slice(3)).toEqual([
      ['id', ''],
      ['data', 2],
    ]);
  });

  test('does not send back an id that is empty or endless', async () => {
    const { world } = open({ lastEventId: '' });
    const first = await world.request();
    expect(first.headers).not.toHaveProperty('Last-Event-ID');
    const body = streamTo(first);
    body.write(`id: ${'x'.repeat(2_000)}\ndata: 1\n\n`);
    body.end();
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await world.request()).headers).not.toHaveProperty('Last-Event-ID');
  });

  test.each([
    [null, ['a', 'b', 'c']],
    ['message', ['a', 'c']],
    ['line', ['b']],
  ])('with event %j takes %j', async (event, data) => {
    const { world, recorder } = open({ event });
    streamTo(await world.request()).write('data: a\n\nevent: line\ndata: b\n\nevent: message\ndata: c\n\n');
    await settle();
    expect(recorder.data()).toEqual(data);
  });

  test('counts by consecutive ids what is missing, also among events it does not take', async () => {
    const { world, recorder } = open({ consecutiveIds: true, lastEventId: '4', event: 'line' });
    streamTo(await world.request()).write(
      'id: 5\nevent: line\ndata: 5\n\nid: 6\nevent: other\ndata: 6\n\nid: 10\nevent: line\ndata: 10\n\n',
    );
    await settle();
    expect(recorder.calls).toEqual([
      ['id', '5'],
      ['data', 5],
      ['id', '6'],
      ['missed', 3],
      ['id', '10'],
      ['data', 10],
    ]);
  });

  test('leaves out an event it has already, and tells a new history by a lower id', async () => {
    const { world, recorder } = open({ consecutiveIds: true, lastEventId: '4' });
    streamTo(await world.request()).write('id: 4\ndata: 4\n\ndata: none\n\nid: 5\ndata: 5\n\nid: 1\ndata: 1\n\n');
    await settle();
    expect(recorder.calls).toEqual([
      ['id', '4'],
      ['data', 'none'],
      ['id', '5'],
      ['data', 5],
      ['new history'],
      ['id', '1'],
      ['data', 1],
    ]);
  });

  test('counts an id that is no number as bad and takes the event', async () => {
    const { world, recorder } = open({ consecutiveIds: true });
    streamTo(await world.request()).write('id: x\ndata: 1\n\n');
    await settle();
    expect(recorder.calls).toEqual([
      ['bad', 'bad-data', 'an event id that is not a number'],
      ['id', 'x'],
      ['data', 1],
    ]);
  });

  test('is the same wherever the bytes are cut', async () => {
    const bytes = new TextEncoder().encode('id: 1\ndata: {"city":"Zürich 🏔"}\n\nid: 2\ndata: ä\n\n');
    const got: unknown[][][] = [];
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const { world, recorder, end } = open();
      const body = streamTo(await world.request());
      body.write(bytes.slice(0, cut));
      await settle();
      body.write(bytes.slice(cut));
      await settle();
      got.push(recorder.calls);
      end();
    }
    const whole = [
      ['id', '1'],
      ['data', { city: 'Zürich 🏔' }],
      ['id', '2'],
      ['data', 'ä'],
    ];
    expect(got).toEqual(got.map(() => whole));
  });

  test('refuses an event of 10 MB, counts it and goes on', async () => {
    const { world, recorder, asked } = open();
    const body = streamTo(await world.request());
    body.write('data: ');
    for (let i = 0; i < 160; i += 1) body.write('x'.repeat(65_536));
    body.write('\n\ndata: 1\n\n');
    await settle();
    expect(recorder.calls).toEqual([
      ['bad', 'too-large', 'an event of more than 1 MiB'],
      ['data', 1],
    ]);
    expect(asked).toHaveLength(1);
    expect(recorder.status?.state).toBe('live');
  });

  test('open and silent becomes stale and reconnects, and is live with the first sign of life only', async () => {
    const { world, recorder } = open({ silentAfterMs: 5_000 });
    const first = await world.request();
    const body = streamTo(first);
    await vi.advanceTimersByTimeAsync(3_000);
    body.write(': a comment is a sign of life\n\n');
    await vi.advanceTimersByTimeAsync(4_999);
    expect(recorder.status?.state).toBe('live');
    await vi.advanceTimersByTimeAsync(1);
    expect(recorder.status).toEqual({
      state: 'stale',
      reason: { code: 'silent', detail: '' },
      retryAt: Date.now() + 500,
    });
    expect(first.init.signal?.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(500);
    const again = streamTo(await world.request());
    await vi.advanceTimersByTimeAsync(4_000);
    expect(recorder.status?.state).toBe('stale');
    again.write(': here\n\n');
    await settle();
    expect(recorder.status?.state).toBe('live');
  });

  test('open and silent becomes stale although the clock was set back an hour', async () => {
    const { world, recorder } = open({ silentAfterMs: 5_000 });
    const body = streamTo(await world.request());
    await vi.advanceTimersByTimeAsync(1_000);
    body.write(': a comment is a sign of life\n\n');
    await settle();
    vi.setSystemTime(Date.now() - 3_600_000);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(recorder.status).toMatchObject({ state: 'stale', reason: { code: 'silent' } });
  });

  test('tells of each sign of life, after what came with it', async () => {
    const { world, recorder } = open({ event: 'wanted' });
    const body = streamTo(await world.request());
    await settle();
    expect(recorder.lives).toEqual([]);
    for (const text of [
      ': here\n\n',
      'event: wanted\ndata: 1\n\n',
      'data: 2\n\n',
      `data: ${'x'.repeat(1 << 20)}x\n\n`,
    ]) {
      body.write(text);
      await settle();
    }
    expect(recorder.calls).toEqual([
      ['data', 1],
      ['bad', 'too-large', 'an event of more than 1 MiB'],
    ]);
    expect(recorder.lives).toEqual([0, 1, 1, 2]);
  });

  test('waits as long as the server asks before it reconnects, to 5 minutes', async () => {
    const { world, recorder } = open();
    for (const [asks, delayMs] of [
      [20_000, 20_000],
      [9_000_000, 300_000],
    ]) {
      const body = streamTo(await world.request());
      body.write(`retry: ${asks}\n\n`);
      await settle();
      body.end();
      await settle();
      expect(recorder.status?.retryAt).toBe(Date.now() + (delayMs ?? 0));
      await vi.advanceTimersByTimeAsync(delayMs ?? 0);
    }
  });

  test('stops when the server says 204', async () => {
    const { world, recorder, asked } = open();
    (await world.request()).answer(answerOf(null, { status: 204 }));
    await vi.advanceTimersByTimeAsync(86_400_000);
    expect(recorder.status).toEqual({ state: 'blocked', reason: { code: 'http', detail: '204' }, retryAt: null });
    expect(asked).toHaveLength(1);
  });

  test.each([
    ['401', answerOf('', { status: 401 }), 'blocked', { code: 'http', detail: '401' }],
    ['503', answerOf('', { status: 503 }), 'retrying', { code: 'http', detail: '503' }],
    ['a page', answerOf('', { headers: { 'Content-Type': 'text/html' } }), 'blocked', { code: 'bad-data' }],
    [
      'a redirect to a public host in plain',
      answerOf('', { url: 'http://a.example/' }),
      'blocked',
      { code: 'redirected' },
    ],
    ['a redirect into the own network', answerOf('', { url: 'http://10.0.0.1/' }), 'blocked', { code: 'redirected' }],
  ])('shows %s', async (_, response, state, reason) => {
    const { world, recorder } = open();
    (await world.request()).answer(response);
    await settle();
    expect(recorder.status).toMatchObject({ state, reason });
  });

  test('takes an event stream with parameters in its type', async () => {
    const { world, recorder } = open();
    streamTo(await world.request(), { 'Content-Type': 'text/event-stream; charset=utf-8' }).write('data: 1\n\n');
    await settle();
    expect(recorder.data()).toEqual([1]);
  });

  test('shows a cut connection, an unreachable one and one that does not answer', async () => {
    const { world, recorder } = open();
    const body = streamTo(await world.request());
    await settle();
    body.cut();
    await settle();
    expect(recorder.status).toMatchObject({ state: 'retrying', reason: { code: 'network' } });
    await vi.advanceTimersByTimeAsync(1_000);
    (await world.request()).fail();
    await settle();
    expect(recorder.status).toMatchObject({ state: 'retrying', reason: { code: 'network' } });
    await vi.advanceTimersByTimeAsync(2_000);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(recorder.status).toMatchObject({ reason: { code: 'timeout' } });
  });

  test('has no time limit once it is open', async () => {
    const { world, recorder, asked } = open();
    const body = streamTo(await world.request());
    for (let i = 0; i < 10; i += 1) {
      body.write(`data: ${i}\n\n`);
      await vi.advanceTimersByTimeAsync(30_000);
    }
    expect(asked).toHaveLength(1);
    expect(recorder.data()).toHaveLength(10);
  });

  test('starts again at the first delay after it was open for 10 s, also in silence', async () => {
    const { world, recorder } = open();
    world.state.random = 0.999;
    const delays: number[] = [];
    for (const openMs of [9_000, 9_000, 9_000, 10_000, 9_000]) {
      const body = streamTo(await world.request());
      await vi.advanceTimersByTimeAsync(openMs);
      body.end();
      await settle();
      const delayMs = (recorder.status?.retryAt ?? 0) - Date.now();
      delays.push(Math.round(delayMs / 1_000));
      await vi.advanceTimersByTimeAsync(delayMs);
    }
    expect(delays).toEqual([1, 2, 4, 1, 2]);
  });

  describe('whose server does not let it name the last event, without access', () => {
    const idOf = ({ headers }: Asked): string | undefined => headers['Last-Event-ID'];
    const refused = { code: 'resume-refused', detail: 'example.com' };

    /** Refuses each request that names an event and opens a stream to the others. */
    async function refuse(world: World, requests: number): Promise<Body | null> {
      let body: Body | null = null;
      for (let count = 0; count < requests; count += 1) {
        const request = await world.request();
        if (idOf(request) === undefined) body = streamTo(request);
        else request.fail();
        await settle();
      }
      return body;
    }

    test('goes on without it, and says so as long as it is live', async () => {
      const { world, recorder, asked } = open({ lastEventId: '7' });
      world.state.hasAccess = false;
      const body = await refuse(world, 3);
      expect(asked.map(idOf)).toEqual(['7', undefined, '7']);
      expect(recorder.status).toEqual({ state: 'live', reason: refused, retryAt: null });
      body?.write('id: 9\ndata: 9\n\n');
      await settle();
      expect(recorder.calls).toEqual([
        ['id', '9'],
        ['data', 9],
      ]);
      expect(recorder.statuses).toHaveLength(1);
      expect(vi.getTimerCount()).toBe(1);
    });

    test('tries it again at each later opening, and then believes the first refusal', async () => {
      const { world, recorder, asked } = open({ lastEventId: '7' });
      world.state.hasAccess = false;
      (await refuse(world, 3))?.end();
      await settle();
      await vi.advanceTimersByTimeAsync(1_000);
      await refuse(world, 2);
      expect(asked.map(idOf)).toEqual(['7', undefined, '7', '7', undefined]);
      expect(recorder.status).toEqual({ state: 'live', reason: refused, retryAt: null });
    });

    test('loses nothing to a network that failed for a moment', async () => {
      const { world, recorder, asked } = open({ lastEventId: '7' });
      world.state.hasAccess = false;
      await refuse(world, 2);
      const plain = asked[1];
      const again = await world.request();
      expect(idOf(again)).toBe('7');
      streamTo(again).write('id: 8\ndata: 8\n\n');
      await settle();
      expect(plain?.init.signal?.aborted).toBe(true);
      expect(recorder.status).toEqual({ state: 'live', reason: null, retryAt: null });
      expect(recorder.data()).toEqual([8]);
    });

    test('is not reached where the request without it fails as well', async () => {
      const { world, recorder, asked } = open({ lastEventId: '7' });
      Object.assign(world.state, { hasAccess: false, probes: 'refused' });
      (await world.request()).fail();
      await settle();
      (await world.request()).fail();
      await settle();
      expect(recorder.status).toMatchObject({ state: 'retrying', reason: { code: 'network' } });
      await vi.advanceTimersByTimeAsync(1_000);
      expect(asked.map(idOf)).toEqual(['7', undefined, '7']);
    });

    test('goes on without it at the next attempt where it is late, and then believes it', async () => {
      const { world, recorder, asked } = open({ lastEventId: '7' });
      world.state.hasAccess = false;
      for (const requests of [1, 2]) {
        await vi.advanceTimersByTimeAsync(10_000);
        expect(recorder.status).toMatchObject({ state: 'retrying', reason: { code: 'timeout' } });
        await vi.advanceTimersByTimeAsync((recorder.status?.retryAt ?? 0) - Date.now());
        const body = streamTo(await world.request());
        // The first time it is tried once more, as the server may only have been slow.
        if (requests === 1) await vi.advanceTimersByTimeAsync(10_000);
        await settle();
        expect(recorder.status).toEqual({ state: 'live', reason: refused, retryAt: null });
        body.write('data: 9\n\n');
        await settle();
        expect(recorder.data()).toHaveLength(requests);
        body.end();
        await settle();
        await vi.advanceTimersByTimeAsync((recorder.status?.retryAt ?? 0) - Date.now());
      }
      expect(asked.map(idOf)).toEqual(['7', undefined, '7', '7', undefined, '7']);
    });

    test('loses nothing to a server that was slow for a moment', async () => {
      const { world, recorder, asked } = open({ lastEventId: '7' });
      world.state.hasAccess = false;
      await vi.advanceTimersByTimeAsync(11_000);
      streamTo(await world.request());
      await settle();
      streamTo(await world.request()).write('id: 8\ndata: 8\n\n');
      await settle();
      expect(asked.map(idOf)).toEqual(['7', undefined, '7']);
      expect(recorder.status).toEqual({ state: 'live', reason: null, retryAt: null });
      expect(recorder.data()).toEqual([8]);
    });

    test('names it again when the request without it is late as well', async () => {
      const { world, asked } = open({ lastEventId: '7' });
      world.state.hasAccess = false;
      await vi.advanceTimersByTimeAsync(40_000);
      expect(asked.slice(0, 3).map(idOf)).toEqual(['7', undefined, '7']);
    });

    test('is led on once in an attempt, and asked without it the next time', async () => {
      const { world, recorder, asked } = open({ lastEventId: '7' });
      world.state.hasAccess = false;
      (await redirect(world)).fail();
      await settle();
      expect(recorder.status).toMatchObject({ state: 'blocked', reason: { code: 'redirected' } });
      expect(asked).toHaveLength(2);
      await vi.advanceTimersByTimeAsync(75_000);
      streamTo(await world.request(), {}, 'https://other.example.com/');
      await settle();
      expect(asked.map(({ init }) => init.redirect)).toEqual(['manual', 'follow', 'follow']);
      expect(asked.map(idOf)).toEqual(['7', '7', undefined]);
      expect(recorder.status).toEqual({ state: 'live', reason: refused, retryAt: null });
    });

    test('is led on once where only the request without it is redirected', async () => {
      const { world, recorder, asked } = open({ lastEventId: '7' });
      world.state.hasAccess = false;
      (await world.request()).fail();
      streamTo(await redirect(world), {}, 'https://other.example.com/');
      await settle();
      expect(asked.map(({ init }) => init.redirect)).toEqual(['manual', 'manual', 'follow']);
      expect(recorder.status).toEqual({ state: 'live', reason: refused, retryAt: null });
    });
  });

  describe('of a source that redirects', () => {
    test.each([
      ['https://other.example.com/', 60_000],
      ['https://example.com/moved', 500],
    ])('to %s waits %d ms after it closed or was cut', async (url, delayMs) => {
      for (const close of ['end', 'cut'] as const) {
        const { world, recorder, end } = open();
        const body = streamTo(await redirect(world), {}, url);
        await settle();
        body[close]();
        await settle();
        expect(recorder.status).toMatchObject({ state: 'retrying', retryAt: Date.now() + delayMs });
        end();
      }
    });

    test('waits a minute after it was silent', async () => {
      const { world, recorder } = open();
      streamTo(await redirect(world), {}, 'https://other.example.com/');
      await vi.advanceTimersByTimeAsync(45_000);
      expect(recorder.status).toMatchObject({ state: 'stale', retryAt: Date.now() + 60_000 });
    });

    test('is followed at once from then on', async () => {
      const { world, asked } = open();
      streamTo(await redirect(world), {}, 'https://other.example.com/').end();
      await vi.advanceTimersByTimeAsync(60_000);
      expect(asked.map(({ init }) => init.redirect)).toEqual(['manual', 'follow', 'follow']);
    });
  });

  test('with access a failed resume is a failed network', async () => {
    const { world, recorder, asked } = open({ lastEventId: '7' });
    (await world.request()).fail();
    await settle();
    expect(recorder.status).toMatchObject({ state: 'retrying', reason: { code: 'network' } });
    expect(asked).toHaveLength(1);
  });

  describe('that floods', () => {
    test('is closed as too much for a minute at least, however long it was open', async () => {
      const { world, recorder } = open();
      world.state.random = 0.999;
      const delays: number[] = [];
      for (let round = 0; round < 4; round += 1) {
        const request = await world.request();
        const body = streamTo(request);
        await vi.advanceTimersByTimeAsync(20_000);
        for (let chunk = 0; chunk < 30; chunk += 1) {
          body.write('data:1\n\n'.repeat(8_192));
          await settle();
        }
        expect(recorder.status).toMatchObject({
          state: 'blocked',
          reason: { code: 'too-much', detail: 'more than 5000 messages a second' },
        });
        expect(request.init.signal?.aborted).toBe(true);
        const delayMs = (recorder.status?.retryAt ?? 0) - Date.now();
        delays.push(Math.round(delayMs / 1_000));
        await vi.advanceTimersByTimeAsync(delayMs);
      }
      expect(delays).toEqual([90, 90, 90, 90]);
    });

    test('with lines that nobody reads is closed for its bytes', async () => {
      const { world, recorder } = open();
      const body = streamTo(await world.request());
      for (let chunk = 0; chunk < 70; chunk += 1) {
        body.write('x\n'.repeat(512 * 1024));
        await settle();
      }
      expect(recorder.status).toMatchObject({ reason: { code: 'too-much', detail: 'more than 4 MiB a second' } });
      expect(recorder.calls).toEqual([]);
    });

    test('lets other tasks run between two slices', async () => {
      const { world, recorder } = open();
      let now = 0;
      world.deps.uptime = () => now;
      const { onData } = recorder.sink;
      recorder.sink.onData = (data) => {
        now += 0.1;
        onData(data);
      };
      const waiting: (() => void)[] = [];
      world.deps.nextTask = () =>
        new Promise((resolve) => {
          waiting.push(resolve);
        });
      // What floods rests as well.
      world.deps.rest = world.deps.nextTask;
      const body = streamTo(await world.request());
      body.write('data:1\n\n'.repeat(8_192));
      // 819 ms in slices of 128 events.
      for (let slice = 1; slice <= 64; slice += 1) {
        await settle();
        expect(recorder.data()).toHaveLength(slice * 128);
        expect(waiting).toHaveLength(1);
        waiting.pop()?.();
      }
      await settle();
      expect(waiting).toHaveLength(0);
    });

    test('takes 20 000 events at once and 2000 a second', async () => {
      const { world, recorder } = open();
      const body = streamTo(await world.request());
      body.write(Array.from({ length: 20_000 }, (_, n) => `id: ${n}\ndata: ${n}\n\n`).join(''));
      await settle();
      for (let second = 0; second < 60; second += 1) {
        body.write(Array.from({ length: 2_000 }, (_, n) => `id: ${n}\ndata: ${n}\n\n`).join(''));
        await vi.advanceTimersByTimeAsync(1_000);
      }
      expect(recorder.status?.state).toBe('live');
      expect(recorder.data()).toHaveLength(140_000);
    });
  });

  test.each(['connecting', 'open', 'retrying'])('frees everything when it is ended while %s', async (when) => {
    const { world, recorder, asked, end } = open();
    const request = await world.request();
    const body = when === 'connecting' ? null : streamTo(request);
    await settle();
    if (when === 'retrying') body?.end();
    await settle();
    end();
    const said = recorder.statuses.length;
    body?.write('data: 1\n\n');
    await settle();
    expect(request.init.signal?.aborted).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(600_000);
    expect([recorder.calls, recorder.statuses.length, asked.length]).toEqual([[], said, 1]);
  });
});
