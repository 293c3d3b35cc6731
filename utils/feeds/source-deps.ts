import type { SourceDeps } from './source';

/** Messages and not timers: those wait 4 ms from the fifth in a row on, and seconds in a background that a browser slows down. */
function createNextTask(): SourceDeps['nextTask'] {
  const waiting: (() => void)[] = [];
  let channel: MessageChannel | null = null;
  return () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push(resolve);
    if (channel === null) {
      channel = new MessageChannel();
      channel.port1.addEventListener('message', () => waiting.shift()?.());
      channel.port1.start();
    }
    channel.port2.postMessage(null);
    return promise;
  };
}

const REST_MS = 28;

/** One after the other: all sources that flood have an eighth of the time together, and not an eighth each. */
function createRest(): SourceDeps['rest'] {
  let last = Promise.resolve();
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      setTimeout(resolve, REST_MS);
    });
  return () => (last = last.then(pause, pause));
}

/** Runs `run` once after `delayMs`, with a timer of the browser; returns what calls it off. */
export function after(delayMs: number, run: () => void): () => void {
  try {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  } catch {
    // [firefox] NS_ERROR_NOT_INITIALIZED: the background's page is being taken down, and nothing comes after.
    return () => {};
  }
}

/** The world as a browser's background has it. `hasAccess`: see {@link SourceDeps.hasAccess}. */
export const createSourceDeps = (hasAccess: SourceDeps['hasAccess']): SourceDeps => ({
  // Called on another object than the global one, the browser's own fetch throws.
  fetch: (input, init) => fetch(input, init),
  WebSocket,
  now: () => Date.now(),
  uptime: () => performance.now(),
  nextTask: createNextTask(),
  rest: createRest(),
  random: () => Math.random(),
  after,
  hasAccess,
});
