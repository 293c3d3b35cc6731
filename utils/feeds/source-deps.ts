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

/** The world as a browser's background has it. `hasAccess`: see {@link SourceDeps.hasAccess}. */
export const createSourceDeps = (hasAccess: SourceDeps['hasAccess']): SourceDeps => ({
  // Called on another object than the global one, the browser's own fetch throws.
  fetch: (input, init) => fetch(input, init),
  WebSocket,
  now: () => Date.now(),
  uptime: () => performance.now(),
  nextTask: createNextTask(),
  random: () => Math.random(),
  after(delayMs, run) {
    try {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    } catch {
      // [firefox] NS_ERROR_NOT_INITIALIZED: the background's page is being taken down, and nothing comes after.
      return () => {};
    }
  },
  hasAccess,
});
