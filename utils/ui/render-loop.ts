/** How often what only time changes (ages, stale) is drawn again, in ms. */
export const TICK_MS = 1_000;

type Listening = Pick<EventTarget, 'addEventListener'>;

/** The part of a window that the loop needs. */
export type RenderPage = Listening &
  Pick<Window, 'requestAnimationFrame' | 'cancelAnimationFrame' | 'setInterval' | 'clearInterval'> & {
    document: Listening & Pick<Document, 'hidden'>;
  };

/**
 * Calls `render` when asked, at most once per animation frame, and each second while the page is visible. A hidden page
 * has no timer and no frame; it is drawn as soon as it shows again. All ends when `signal` aborts.
 * @returns asks for a render
 */
export function createRenderLoop(page: RenderPage, render: () => void, signal: AbortSignal): () => void {
  // Both count from 1: 0 is none.
  let frame = 0;
  let timer = 0;

  const request = (): void => {
    if (signal.aborted || page.document.hidden) return;
    frame ||= page.requestAnimationFrame(() => {
      frame = 0;
      render();
    });
  };
  const follow = (): void => {
    page.clearInterval(timer);
    page.cancelAnimationFrame(frame);
    frame = 0;
    timer = 0;
    if (signal.aborted || page.document.hidden) return;
    timer = page.setInterval(request, TICK_MS);
    request();
  };

  page.document.addEventListener('visibilitychange', follow, { signal });
  page.addEventListener('pageshow', follow, { signal });
  signal.addEventListener('abort', follow);
  follow();
  return request;
}
