import { setImmediate as setImmediatePromise } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createSourceDeps } from '../../../utils/feeds/source-deps';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test('what is due later runs once, or not at all when it is called off', () => {
  const { after } = createSourceDeps(() => true);
  const run = vi.fn<() => void>();
  after(1_000, run);
  const callOff = after(1_000, run);
  callOff();
  vi.advanceTimersByTime(5_000);
  expect(run).toHaveBeenCalledTimes(1);
});

test('a background that is taken down, which has no timers any more, throws nothing', () => {
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(() => {
    throw new Error('NS_ERROR_NOT_INITIALIZED');
  });
  const callOff = createSourceDeps(() => true).after(1_000, () => undefined);
  expect(callOff).not.toThrow();
});

test('a request is the own one of the browser, which is called on the global object only', async () => {
  const asked: unknown[] = [];
  vi.stubGlobal('fetch', function fetch(this: unknown, ...parameters: unknown[]) {
    if (this !== undefined && this !== globalThis) throw new TypeError('Illegal invocation');
    asked.push(...parameters);
    return Promise.resolve('answer');
  });
  const deps = createSourceDeps(() => true);
  expect(await deps.fetch('https://example.com/', { cache: 'no-store' })).toBe('answer');
  expect(asked).toEqual(['https://example.com/', { cache: 'no-store' }]);
});

test('a socket is the own one of the browser', () => {
  vi.stubGlobal('WebSocket', class extends EventTarget {});
  expect(createSourceDeps(() => true).WebSocket).toBe(WebSocket);
});

test('the time is that of the clock, also after it was set', () => {
  const { now } = createSourceDeps(() => true);
  vi.setSystemTime(1_000_000);
  expect(now()).toBe(1_000_000);
  vi.setSystemTime(5);
  expect(now()).toBe(5);
});

test('chance is from 0 to 1, and not always the same', () => {
  const { random } = createSourceDeps(() => true);
  const numbers = Array.from({ length: 100 }, random);
  expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
  expect(new Set(numbers).size).toBeGreaterThan(50);
});

test.each([true, false])('access is asked of whoever knows: %j', (answer) => {
  const hasAccess = vi.fn<(address: string) => boolean>(() => answer);
  expect(createSourceDeps(hasAccess).hasAccess('https://example.com/')).toBe(answer);
  expect(hasAccess).toHaveBeenCalledExactlyOnceWith('https://example.com/');
});

test('the next task runs behind the timers and messages that wait, in order', async () => {
  vi.useRealTimers();
  const { nextTask } = createSourceDeps(() => true);
  const order: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  setImmediate(() => order.push('waits already'));
  await setImmediatePromise();
  void nextTask().then(() => order.push('first'));
  void nextTask().then(() => {
    order.push('second');
    resolve();
  });
  await Promise.resolve();
  expect(order).toEqual(['waits already']);
  await promise;
  expect(order).toEqual(['waits already', 'first', 'second']);
});

test('the uptime counts ms, and is not set back with the clock', () => {
  const { uptime } = createSourceDeps(() => true);
  const before = uptime();
  vi.advanceTimersByTime(5);
  vi.setSystemTime(0);
  expect(uptime() - before).toBeCloseTo(5);
});

test('rests come one after the other, whoever asks for them', async () => {
  const { rest } = createSourceDeps(() => true);
  const rested: number[] = [];
  for (const who of [1, 2, 3]) void rest().then(() => rested.push(who));
  await vi.advanceTimersByTimeAsync(28);
  expect(rested).toEqual([1]);
  await vi.advanceTimersByTimeAsync(56);
  expect(rested).toEqual([1, 2, 3]);
  void rest().then(() => rested.push(4));
  await vi.advanceTimersByTimeAsync(28);
  expect(rested).toEqual([1, 2, 3, 4]);
});
