import type { FeedBatch } from '../../utils/stream/protocol';

/**
 * Tells the page what was applied, for tests that compare it with the source's own record. Only builds of mode `test`
 * have this; in any other a page must not see a value.
 */
export function recordApplied(feeds: readonly FeedBatch[]): void {
  document.dispatchEvent(new CustomEvent('tidings-applied', { detail: JSON.stringify(feeds) }));
}
