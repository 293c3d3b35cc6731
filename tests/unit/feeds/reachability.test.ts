import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ask, beginRequest } from '../../../utils/feeds/http';
import { createReachability, LOOK_LIMIT_MS } from '../../../utils/feeds/reachability';
import { createFakeMark, createWorld, settle } from './world';

const ADDRESS = 'https://example.com:8443/x';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function createBench({ wasRead = false } = {}) {
  const world = createWorld();
  const ending = new AbortController();
  const options = { deps: world.deps, signal: ending.signal };
  const mark = createFakeMark(wasRead);
  const reachability = createReachability(ADDRESS, mark, options);
  world.state.hasAccess = false;
  const why = (hasFollowed = false) => reachability.whyFailed(beginRequest(options), { hasFollowed });
  return { ...world, ending, options, mark, reachability, why };
}

describe('a failure without an answer', () => {
  test.each([
    { probes: 'refused', hasAccess: true, wasRead: false, kind: 'retry', reason: ['network', ''] },
    { probes: 'refused', hasAccess: false, wasRead: false, kind: 'retry', reason: ['network', ''] },
    { probes: 'there', hasAccess: true, wasRead: false, kind: 'retry', reason: ['network', ''] },
    { probes: 'there', hasAccess: false, wasRead: true, kind: 'retry', reason: ['network', ''] },
    {
      probes: 'there',
      hasAccess: false,
      wasRead: false,
      kind: 'blocked',
      reason: ['needs-access', 'example.com:8443'],
    },
    { probes: 'readable', hasAccess: false, wasRead: false, kind: 'retry', reason: ['network', ''] },
  ] as const)(
    'of a server that is $probes, with access $hasAccess, read before $wasRead, is $kind for $reason',
    async ({ probes, hasAccess, wasRead, kind, reason: [code, detail] }) => {
      const { state, why } = createBench({ wasRead });
      Object.assign(state, { probes, hasAccess });
      expect(await why()).toMatchObject({ kind, reason: { code, detail } });
    },
  );

  test.each<[string, () => Promise<never>]>([
    ['rejects', () => Promise.reject(new Error('no permissions here'))],
    [
      'throws',
      () => {
        throw new Error('no permissions here');
      },
    ],
  ])('counts as without access where asking for it %s', async (_, hasAccess) => {
    const { deps, why } = createBench();
    deps.hasAccess = hasAccess;
    expect(await why()).toMatchObject({ reason: { code: 'needs-access' } });
  });

  test('of a source that was ended is no question of access, and nobody is asked', async () => {
    const { ending, probed, why } = createBench();
    ending.abort();
    expect(await why()).toMatchObject({ reason: { code: 'network' } });
    expect(probed).toEqual([]);
  });

  test('that followed a redirect waits a minute, and nobody is asked again', async () => {
    const { probed, why } = createBench();
    expect(await why(true)).toMatchObject({ kind: 'blocked', reason: { code: 'redirected', detail: '' } });
    expect(probed).toEqual([]);
  });

  test.each([
    [false, { kind: 'retry', reason: { code: 'timeout' } }],
    [true, { kind: 'blocked', reason: { code: 'redirected' } }],
  ])('that took too long, with a redirect followed %j, is %j', async (hasFollowed, expected) => {
    const { options, reachability, probed } = createBench();
    const request = beginRequest(options);
    void ask(ADDRESS, { headers: {}, redirect: 'manual' }, request, options);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await reachability.whyFailed(request, { hasFollowed })).toMatchObject(expected);
    expect(probed).toEqual([]);
  });
});

describe('a second look', () => {
  test('carries nothing of the person and follows nothing, but for one a minute that has to', async () => {
    const { probed, why } = createBench();
    for (let failure = 0; failure < 3; failure += 1) await why();
    const bare = { cache: 'no-store', credentials: 'omit', referrerPolicy: 'no-referrer' };
    for (const init of probed) expect(init).toMatchObject(bare);
    expect(probed.map(({ redirect, mode }) => redirect ?? mode)).toEqual(['manual', 'no-cors', 'manual', 'manual']);
    await vi.advanceTimersByTimeAsync(60_000);
    await why();
    expect(probed.at(-1)?.mode).toBe('no-cors');
  });

  test('is given up after 3 s, and leaves nothing behind', async () => {
    const { deps, why } = createBench();
    const { fetch } = deps;
    deps.fetch = (input, init) => fetch(input, { ...init, headers: {} });
    const ending = why();
    await vi.advanceTimersByTimeAsync(2 * LOOK_LIMIT_MS);
    expect(await ending).toMatchObject({ reason: { code: 'network' } });
    expect(vi.getTimerCount()).toBe(1);
  });
});

describe('an answer that could be read', () => {
  test.each([
    [true, false],
    [false, true],
  ])('with access %j is remembered: %j', async (hasAccess, isRemembered) => {
    const { state, mark, reachability } = createBench();
    state.hasAccess = hasAccess;
    reachability.onRead();
    await settle();
    expect(mark.isSet).toBe(isRemembered);
  });

  test('is asked about once while the source is open', async () => {
    const { deps, reachability } = createBench();
    const asked = vi.spyOn(deps, 'hasAccess');
    for (let answer = 0; answer < 3; answer += 1) reachability.onRead();
    await settle();
    expect(asked).toHaveBeenCalledOnce();
  });
});
