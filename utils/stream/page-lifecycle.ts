import type { Blocker } from './connection';

export interface PageLifecycle {
  /** What keeps the page from wanting updates as it is found. */
  readonly blockers: readonly Blocker[];
}

/** Since Chrome 108; TypeScript's DOM library does not know it. Absent elsewhere, where nothing prerenders. */
type PrerenderingDocument = Document & { prerendering?: boolean };

/**
 * Tells when a page stops and starts having a use for updates.
 *
 * `pagehide` counts as `cached` whether the page is kept or thrown away: a port of a page that goes is of no use either way.
 * `pageshow` also fires while a page is prerendered, so that `prerendering` is told by its own event [chrome].
 * @see https://developer.chrome.com/docs/web-platform/page-lifecycle-api
 */
export function watchPageLifecycle(
  page: Window,
  listener: (type: 'blocked' | 'unblocked', blocker: Blocker) => void,
  signal: AbortSignal,
): PageLifecycle {
  const document: PrerenderingDocument = page.document;
  // Content scripts hear what a page dispatches too: only the browser's own events count.
  const on = (target: EventTarget, type: string, tell: () => void): void =>
    target.addEventListener(type, ({ isTrusted }) => isTrusted && tell(), { signal, capture: true });

  on(page, 'pagehide', () => listener('blocked', 'cached'));
  on(page, 'pageshow', () => listener('unblocked', 'cached'));
  on(document, 'freeze', () => listener('blocked', 'frozen'));
  on(document, 'resume', () => listener('unblocked', 'frozen'));
  on(document, 'prerenderingchange', () => listener('unblocked', 'prerendering'));
  on(document, 'visibilitychange', () =>
    listener(document.visibilityState === 'hidden' ? 'blocked' : 'unblocked', 'hidden'),
  );

  const blockers: Blocker[] = [];
  // `true` alone: where the browser knows no such member an element of that name is found in its place [firefox].
  if (document.prerendering === true) blockers.push('prerendering');
  if (document.visibilityState === 'hidden') blockers.push('hidden');
  return { blockers };
}
