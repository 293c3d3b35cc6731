import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createSseRequest } from '../../../utils/feeds/sse-request';
import { answerOf, type Asked, createFakeMark, createWorld, settle, streamTo } from './world';

const ADDRESS = 'https://example.com/events';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function createBench() {
  const world = createWorld();
  const ending = new AbortController();
  const readMark = createFakeMark();
  const connect = createSseRequest(ADDRESS, { deps: world.deps, signal: ending.signal, readMark });
  world.state.hasAccess = false;
  const isOpen = ({ init }: Asked): boolean => init.signal?.aborted === false;
  return { ...world, ending, readMark, connect, openRequests: () => world.asked.filter(isOpen) };
}

describe('a request for an event stream', () => {
  test('gives the stream, without a time limit, and remembers that it could be read', async () => {
    const { connect, request, readMark } = createBench();
    const opening = connect(null);
    const asked = await request();
    expect(asked.headers).toEqual({ Accept: 'text/event-stream' });
    streamTo(asked).write('data: 1\n\n');
    const answer = await opening;
    if ('kind' in answer) throw new Error(answer.reason.code);
    expect(answer.isResumeRefused).toBe(false);
    expect(new TextDecoder().decode((await answer.reader.read()).value)).toBe('data: 1\n\n');
    expect([readMark.isSet, vi.getTimerCount()]).toEqual([true, 0]);
    answer.request.end();
    expect(asked.init.signal?.aborted).toBe(true);
  });

  test.each([
    [answerOf('', { status: 401 }), { kind: 'blocked', reason: { code: 'http', detail: '401' } }],
    [answerOf('', { status: 503 }), { kind: 'retry', reason: { code: 'http', detail: '503' } }],
    [answerOf(null, { status: 204 }), { kind: 'stopped', reason: { code: 'http', detail: '204' } }],
    [answerOf('{}'), { kind: 'blocked', reason: { code: 'bad-data' } }],
    [
      answerOf(null, { headers: { 'Content-Type': 'text/event-stream' } }),
      { kind: 'blocked', reason: { code: 'bad-data' } },
    ],
  ])('that is answered otherwise ends, and holds nothing', async (response, ending) => {
    const { connect, request, openRequests } = createBench();
    const opening = connect('7');
    (await request()).answer(response);
    expect(await opening).toMatchObject(ending);
    expect([openRequests(), vi.getTimerCount()]).toEqual([[], 0]);
  });

  test('has one stream in the end, whether the last event may be named or not', async () => {
    for (const isRefused of [true, false]) {
      const { connect, request, openRequests } = createBench();
      const opening = connect('7');
      (await request()).fail();
      await settle();
      streamTo(await request());
      await settle();
      const again = await request();
      if (isRefused) again.fail();
      else streamTo(again);
      expect(await opening).toMatchObject({ isResumeRefused: isRefused });
      expect(openRequests()).toHaveLength(1);
      expect('Last-Event-ID' in (openRequests()[0]?.headers ?? {})).toBe(!isRefused);
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  test('does not go on without the event when the server is only late with it', async () => {
    const { connect, request, asked, openRequests } = createBench();
    const opening = connect('7');
    (await request()).fail();
    await settle();
    streamTo(await request());
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await opening).toMatchObject({ kind: 'retry', reason: { code: 'timeout' } });
    expect([asked.length, openRequests(), vi.getTimerCount()]).toEqual([3, [], 0]);
  });

  test('takes what a server without the event says for its answer', async () => {
    const { connect, request, asked } = createBench();
    const opening = connect('7');
    (await request()).fail();
    await settle();
    (await request()).answer(answerOf('', { status: 503 }));
    expect(await opening).toMatchObject({ kind: 'retry', reason: { code: 'http', detail: '503' } });
    expect(asked).toHaveLength(2);
  });

  test.each([1, 2, 3])('that is ended at request %d leaves none open', async (count) => {
    const { connect, request, ending, openRequests } = createBench();
    const opening = connect('7');
    if (count > 1) {
      (await request()).fail();
      await settle();
    }
    if (count > 2) {
      streamTo(await request());
      await settle();
    }
    ending.abort();
    await settle();
    await opening;
    expect([openRequests(), vi.getTimerCount()]).toEqual([[], 0]);
  });
});
