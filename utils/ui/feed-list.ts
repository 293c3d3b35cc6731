import { createElement, setText } from './create-element';
import type { FeedModel, FeedSnapshot } from './feed-model';
import { createFeedRow, type FeedRow, type RowWriter } from './feed-row';
import { createFormat, type Format } from './format';
import { createRenderLoop, type RenderPage } from './render-loop';
import type { Translate } from './words';

export interface FeedList {
  element: HTMLElement;
  /** Shows `snapshot` as of `now`, epoch ms. Touches only what changed. */
  render(snapshot: FeedSnapshot, now: number): void;
}

/** Makes the list of feeds, a row each in the order given, or one sentence where there are none. Draws only when told. */
export function createFeedList(document: Document, t: Translate, format: Format, writer: RowWriter): FeedList {
  const rows = new Map<string, FeedRow>();
  const list = createElement(document, 'ul', '');
  const none = createElement(document, 'p', 'none');
  const element = createElement(document, 'div', 'feeds', list, none);
  // A list without bullets is no list to Safari's and some other screen readers unless it says so.
  list.role = 'list';

  return {
    element,
    render({ feeds, stream }, now) {
      const ids = new Set(feeds?.map((feed) => feed.entry.info.id));
      for (const [id, row] of rows) {
        if (ids.has(id)) continue;
        row.remove();
        rows.delete(id);
      }
      let place = list.firstElementChild;
      for (const feed of feeds ?? []) {
        const row = rows.get(feed.entry.info.id) ?? createFeedRow(document, t, format, writer);
        rows.set(feed.entry.info.id, row);
        row.update(feed, stream, now);
        // Moving an element takes the focus from it: only what stands elsewhere is moved.
        if (row.element === place) place = place.nextElementSibling;
        else list.insertBefore(row.element, place);
      }
      list.hidden = ids.size === 0;
      writer.setText(none, ids.size > 0 ? '' : t(feeds ? 'feed.none' : 'feed.unknown'));
    },
  };
}

/** Makes what writes rows as text nodes, for where no page is. */
export const createPlainWriter = (document: Document): RowWriter => ({
  setText,
  createButton() {
    const element = createElement(document, 'button', 'more');
    return { element, label: element, place: element };
  },
});

export interface FeedListOptions {
  t: Translate;
  /** Whose frames and timer draw the list, and whose clock counts. */
  page: Window & RenderPage;
}

/**
 * Puts the list of `model`'s feeds at the end of `root` and keeps it up to date: at most once a frame, and each second
 * for the ages. Needs theme.css, feed-list.css and row-button.css there, under an element of class `tidings`.
 * @returns takes it away and ends its timer
 */
export function mountFeedList(root: Node, model: FeedModel, { t, page }: FeedListOptions): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  const list = createFeedList(page.document, t, createFormat(t), createPlainWriter(page.document));
  root.appendChild(list.element);
  const request = createRenderLoop(page, () => list.render(model.snapshot(Date.now()), Date.now()), signal);
  model.onChange(request, { signal });
  signal.addEventListener('abort', () => list.element.remove(), { once: true });
  return () => ending.abort();
}
