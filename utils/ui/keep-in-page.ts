/** How often an element that the page removed is put back within {@link RETURN_WINDOW_MS}. A page that insists wins. */
export const MAX_RETURNS = 3;
export const RETURN_WINDOW_MS = 60_000;

/** Makes what says whether one more return at `now` (ms) is within {@link MAX_RETURNS}, and counts it if it is. */
export function createReturnAllowance(): (now: number) => boolean {
  let returns: number[] = [];
  return (now) => {
    returns = returns.filter((at) => now - at < RETURN_WINDOW_MS);
    if (returns.length >= MAX_RETURNS) return false;
    returns.push(now);
    return true;
  };
}

/**
 * Appends `host` to the root element and puts it back when the page removes it, 3 times a minute at most. It stays away
 * when the page removes it once more, or when another element that matches `successor` has taken its place; `onGone` is
 * then called, once. Aborting `signal` removes it for good, without a call.
 */
export function keepInPage(
  host: Element,
  {
    document,
    successor,
    onGone,
    signal,
  }: { document: Document; successor: string; onGone(): void; signal: AbortSignal },
): void {
  const mayReturn = createReturnAllowance();
  const observer = new MutationObserver(() => {
    const { documentElement: root } = document;
    // Already aborted, or moved by us: records of an earlier change may still be under way. No root: the next one is told.
    if (signal.aborted || !root || host.parentNode === root) return;
    if (!document.querySelector(successor) && mayReturn(performance.now())) return attach();
    observer.disconnect();
    onGone();
  });
  const attach = (): void => {
    document.documentElement.append(host);
    // The document too: document.open() replaces the root element.
    observer.observe(document, { childList: true });
    observer.observe(document.documentElement, { childList: true });
  };
  attach();
  signal.addEventListener(
    'abort',
    () => {
      observer.disconnect();
      host.remove();
    },
    { once: true },
  );
}
