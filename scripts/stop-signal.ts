/** How long the ending may take, in ms. A browser that hangs must not hold the terminal. */
const END_LIMIT_MS = 10_000;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * A signal that aborts when the person or the system asks this process to end. From then on the process no longer ends by
 * itself on those: Ctrl-C reaches it several times, from the terminal and from npm, and the first one counts.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of SIGNALS) process.on(name, () => controller.abort());
  controller.signal.addEventListener('abort', () => setTimeout(() => process.exit(1), END_LIMIT_MS).unref());
  return controller.signal;
}
