/** A hub with one feed in a world that the test drives: its network, its clock. No real time passes. */
import { setImmediate } from 'node:timers/promises';
import type { Feed } from '../../utils/feeds/feed';
import { createHub, type Hub } from '../../utils/feeds/hub';
import type { SourceDeps } from '../../utils/feeds/source';
import { FakeSocket } from '../unit/feeds/world';
import { createMemorySegments, type MemorySegments } from '../unit/feeds/memory-segments';

/** A request that waits for its answer. */
export interface Pending {
  readonly signal: AbortSignal;
  answer(response: Response): void;
}

export interface HubWorld {
  readonly hub: Hub;
  /** Its disk. */
  readonly segments: MemorySegments;
  /** Epoch ms. */
  now(): number;
  /** How often the source was asked. */
  requests(): number;
  /** Timers that wait. */
  timers(): number;
  /** The request that waits, after as many timers as it takes; `null` when none comes. */
  request(): Promise<Pending | null>;
  /** The newest socket that is not closed, likewise. */
  socket(): Promise<FakeSocket | null>;
}

/** Makes a world whose hub has this one feed. */
export function createHubWorld(feed: Feed, segments: MemorySegments = createMemorySegments()): HubWorld {
  let now = 1_700_000_000_000;
  let requests = 0;
  const open: { request: Pending | null; socket: FakeSocket | null } = { request: null, socket: null };
  const timers = new Set<{ at: number; run(): void }>();

  const fetchFake = (_: unknown, init: RequestInit = {}): Promise<Response> => {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const signal = init.signal ?? new AbortController().signal;
    const own: Pending = {
      signal,
      answer(response) {
        if (open.request === own) open.request = null;
        resolve(response);
      },
    };
    requests += 1;
    open.request = own;
    signal.addEventListener('abort', () => {
      if (open.request === own) open.request = null;
      reject(new DOMException('aborted', 'AbortError'));
    });
    return promise;
  };

  const deps: SourceDeps = {
    fetch: fetchFake as typeof fetch,
    WebSocket: function (address: string) {
      open.socket = new FakeSocket(address);
      return open.socket;
    } as unknown as SourceDeps['WebSocket'],
    now: () => now,
    uptime: () => now,
    nextTask: () => Promise.resolve(),
    rest: () => Promise.resolve(),
    random: () => 0.5,
    after(delayMs, run) {
      if (!(delayMs >= 0 && delayMs < 2 ** 31)) throw new RangeError(`no timer waits ${delayMs} ms`);
      const timer = { at: now + delayMs, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    hasAccess: () => true,
  };

  const hub = createHub({
    deps,
    segments,
    pulseStats: () => ({ openStreams: 0, updatesPerSecond: 0, roundTripMs: null }),
  });
  hub.configure([feed]);

  /** Runs the timer that is due next. */
  const step = async (): Promise<void> => {
    const [next] = [...timers].toSorted((a, b) => a.at - b.at);
    if (next !== undefined) {
      now = Math.max(now, next.at);
      timers.delete(next);
      next.run();
    }
    await setImmediate();
  };

  return {
    hub,
    segments,
    now: () => now,
    requests: () => requests,
    timers: () => timers.size,
    async request() {
      await setImmediate();
      for (let steps = 0; steps < 10 && open.request === null && timers.size > 0; steps += 1) await step();
      return open.request;
    },
    async socket() {
      await setImmediate();
      const isClosed = (): boolean => open.socket === null || open.socket.readyState === 3;
      for (let steps = 0; steps < 10 && isClosed(); steps += 1) await step();
      return open.socket;
    },
  };
}
