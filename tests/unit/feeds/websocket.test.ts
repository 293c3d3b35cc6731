import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SourceDefinition } from '../../../utils/feeds/feed';
import { openWebSocket } from '../../../utils/feeds/websocket';
import { createRecorder, createWorld, settle } from './world';

const address = 'wss://example.com/live';
type Options = Partial<Extract<SourceDefinition, { type: 'websocket' }>>;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function open(definition: Options = {}, refuseSockets = false) {
  const world = createWorld();
  world.state.refuseSockets = refuseSockets;
  const recorder = createRecorder();
  const controller = new AbortController();
  const { send } = openWebSocket(
    { type: 'websocket', address, onConnect: [], format: 'json', silentAfterMs: null, ...definition },
    recorder.sink,
    { deps: world.deps, signal: controller.signal },
  );
  return { world, recorder, send, end: () => controller.abort() };
}

describe('websocket', () => {
  test('sends what it is told to, in order, each time it opens', async () => {
    const { world, recorder } = open({ onConnect: ['{"login":1}', '{"subscribe":2}'] });
    const first = await world.socket();
    expect(first).toMatchObject({ address, binaryType: 'arraybuffer', sent: [] });
    first.open();
    expect(first.sent).toEqual(['{"login":1}', '{"subscribe":2}']);
    expect(recorder.status?.state).toBe('live');
    first.closed(1006);
    await vi.advanceTimersByTimeAsync(1_000);
    const second = await world.socket();
    second.open();
    expect(second).not.toBe(first);
    expect(second.sent).toEqual(first.sent);
  });

  test.each<[Options['format'] & string, unknown, unknown[]]>([
    ['json', '{"a":1}', ['data', { a: 1 }]],
    ['json', '"x"', ['data', 'x']],
    ['json', 'plain', ['bad', 'bad-data', 'not JSON']],
    ['json', '', ['bad', 'bad-data', 'not JSON']],
    ['text', '{"a":1}', ['data', '{"a":1}']],
    ['text', '', ['data', '']],
    ['text', new ArrayBuffer(4), ['bad', 'bad-data', 'a binary frame']],
    ['text', 'x'.repeat(1024 * 1024), ['data', 'x'.repeat(1024 * 1024)]],
  ])('as %s takes a frame', async (format, frame, call) => {
    const { world, recorder } = open({ format });
    const socket = await world.socket();
    socket.open();
    socket.message(frame);
    expect(recorder.calls).toEqual([call]);
    expect(recorder.lives).toEqual([1]);
    socket.message('1');
    expect(recorder.calls).toHaveLength(2);
    expect(recorder.status?.state).toBe('live');
  });

  test('sends while it is open, and says why not otherwise', async () => {
    const { world, send } = open();
    const socket = await world.socket();
    expect(send('early')).toEqual({ ok: false, reason: 'not-open' });
    socket.open();
    expect(send('now')).toEqual({ ok: true });
    socket.bufferedAmount = 1024 * 1024 + 1;
    expect(send('much')).toEqual({ ok: false, reason: 'too-much-waiting' });
    socket.bufferedAmount = 0;
    socket.readyState = 2;
    expect(send('closing')).toEqual({ ok: false, reason: 'not-open' });
    socket.closed(1000);
    expect(send('late')).toEqual({ ok: false, reason: 'not-open' });
    expect(socket.sent).toEqual(['now']);
  });

  test('shows how a connection ended', async () => {
    const { world, recorder } = open();
    (await world.socket()).closed(1006);
    await settle();
    expect(recorder.status).toMatchObject({ state: 'retrying', reason: { code: 'network', detail: '' } });
    await vi.advanceTimersByTimeAsync(500);
    const second = await world.socket();
    second.open();
    second.closed(4001);
    await settle();
    expect(recorder.status).toMatchObject({ state: 'retrying', reason: { code: 'closed', detail: '4001' } });
    await vi.advanceTimersByTimeAsync(1_000);
    const third = await world.socket();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(recorder.status).toMatchObject({ state: 'retrying', reason: { code: 'timeout' } });
    expect(third.readyState).toBe(3);
  });

  test('open and silent becomes stale, lets go and reconnects', async () => {
    const { world, recorder } = open({ silentAfterMs: 2_000 });
    const first = await world.socket();
    first.open();
    await vi.advanceTimersByTimeAsync(1_500);
    first.message('1');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(recorder.status).toMatchObject({ state: 'stale', reason: { code: 'silent' }, retryAt: Date.now() + 500 });
    expect(first.readyState).toBe(3);
    first.message('2');
    expect(recorder.data()).toEqual([1]);
    await vi.advanceTimersByTimeAsync(500);
    const second = await world.socket();
    second.open();
    expect(recorder.status?.state).toBe('stale');
    second.message('3');
    expect(recorder.status?.state).toBe('live');
  });

  test('without a limit is never silent, and was good for as long as it was open', async () => {
    const { world, recorder } = open();
    const delays: number[] = [];
    for (const openMs of [0, 0, 86_400_000, 0]) {
      const socket = await world.socket();
      socket.open();
      await vi.advanceTimersByTimeAsync(openMs);
      expect(recorder.status?.state).toBe('live');
      socket.closed(1006);
      await settle();
      const delayMs = (recorder.status?.retryAt ?? 0) - Date.now();
      delays.push(delayMs);
      await vi.advanceTimersByTimeAsync(delayMs);
    }
    expect(delays).toEqual([500, 1_000, 500, 1_000]);
    expect(world.sockets).toHaveLength(5);
  });

  test.each(['text', 'bytes'])('is blocked for a minute after a frame of more than 1 MiB of %s', async (kind) => {
    const { world, recorder } = open({ format: 'text' });
    const socket = await world.socket();
    socket.open();
    await vi.advanceTimersByTimeAsync(60_000);
    socket.message(kind === 'text' ? 'x'.repeat(1024 * 1024 + 1) : new ArrayBuffer(1024 * 1024 + 1));
    await settle();
    expect(socket.readyState).toBe(3);
    expect(recorder.calls).toEqual([]);
    expect(recorder.status).toEqual({
      state: 'blocked',
      reason: { code: 'too-large', detail: 'a frame of more than 1 MiB' },
      retryAt: Date.now() + 75_000,
    });
    await vi.advanceTimersByTimeAsync(74_999);
    expect(world.sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(world.sockets).toHaveLength(2);
  });

  test('that floods is closed as too much, and blocked for a minute, however long it was open', async () => {
    const { world, recorder } = open();
    const delays: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const socket = await world.socket();
      socket.open();
      await vi.advanceTimersByTimeAsync(20_000);
      for (let frame = 0; frame <= 50_000; frame += 1) socket.message('1');
      await settle();
      expect(socket.readyState).toBe(3);
      expect(recorder.status).toMatchObject({ state: 'blocked', reason: { code: 'too-much' } });
      const delayMs = (recorder.status?.retryAt ?? 0) - Date.now();
      delays.push(delayMs);
      await vi.advanceTimersByTimeAsync(delayMs);
    }
    expect(delays).toEqual([75_000, 75_000, 75_000, 75_000]);
    expect(recorder.data()).toHaveLength(200_004);
  });

  test('takes 20 000 frames at once', async () => {
    const { world, recorder } = open();
    const socket = await world.socket();
    socket.open();
    for (let frame = 0; frame < 20_000; frame += 1) socket.message('1');
    await settle();
    expect([recorder.data().length, recorder.status?.state]).toEqual([20_000, 'live']);
  });

  test('does not connect before the person gave access to its host', async () => {
    const { world, recorder } = open();
    world.state.hasAccess = false;
    const asked = vi.spyOn(world.deps, 'hasAccess');
    const first = await world.socket();
    first.closed(1006);
    await vi.advanceTimersByTimeAsync(500);
    expect(asked).toHaveBeenCalledExactlyOnceWith('https://example.com/live');
    expect(recorder.status).toEqual({
      state: 'blocked',
      reason: { code: 'needs-access-socket', detail: 'example.com' },
      retryAt: Date.now() + 75_000,
    });
    world.state.hasAccess = true;
    await vi.advanceTimersByTimeAsync(75_000);
    expect(world.sockets).toHaveLength(2);
  });

  test('does not connect where the browser does not say whether it has access', async () => {
    const { world, recorder, end } = open();
    world.deps.hasAccess = () => Promise.reject(new Error('no permissions here'));
    (await world.socket()).closed(1006);
    await vi.advanceTimersByTimeAsync(500);
    expect(recorder.status).toMatchObject({ reason: { code: 'needs-access-socket' } });
    end();
    expect(world.sockets).toHaveLength(1);
  });

  test('that ends while it is asked for access connects to nothing', async () => {
    const world = createWorld();
    const controller = new AbortController();
    const answer = Promise.withResolvers<boolean>();
    world.deps.hasAccess = () => answer.promise;
    openWebSocket(
      { type: 'websocket', address, onConnect: [], format: 'json', silentAfterMs: null },
      createRecorder().sink,
      { deps: world.deps, signal: controller.signal },
    );
    await settle();
    controller.abort();
    answer.resolve(true);
    await settle();
    expect(world.sockets).toEqual([]);
  });

  test('is blocked where the browser refuses the address', async () => {
    const { recorder } = open({}, true);
    await settle();
    expect(recorder.status).toMatchObject({ state: 'blocked', reason: { code: 'network' } });
  });

  test.each(['connecting', 'open', 'retrying'])('frees everything when it is ended while %s', async (when) => {
    const { world, recorder, end, send } = open();
    const socket = await world.socket();
    if (when === 'open') socket.open();
    if (when === 'retrying') socket.closed(1006);
    await settle();
    const said = recorder.statuses.length;
    end();
    await settle();
    expect(socket.readyState).toBe(3);
    expect(vi.getTimerCount()).toBe(0);
    socket.message('1');
    socket.closed(1000);
    await vi.advanceTimersByTimeAsync(600_000);
    expect([recorder.calls, recorder.statuses.length, world.sockets.length]).toEqual([[], said, 1]);
    expect(send('x').ok).toBe(false);
  });
});
