import type { SourceDeps } from './source';

/** The world as a browser's background has it. `hasAccess`: see {@link SourceDeps.hasAccess}. */
export const createSourceDeps = (hasAccess: SourceDeps['hasAccess']): SourceDeps => ({
  // Called on another object than the global one, the browser's own fetch throws.
  fetch: (input, init) => fetch(input, init),
  WebSocket,
  now: () => Date.now(),
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
