import type { SourceDeps } from './source';

/** The world as a browser's background has it. `hasAccess`: see {@link SourceDeps.hasAccess}. */
export const createSourceDeps = (hasAccess: SourceDeps['hasAccess']): SourceDeps => ({
  // Called on another object than the global one, the browser's own fetch throws.
  fetch: (input, init) => fetch(input, init),
  WebSocket,
  now: () => Date.now(),
  random: () => Math.random(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  hasAccess,
});
