import type { StreamState } from '../stream/subscriber';
import { createElement, type SetText } from './create-element';
import { type FeedEntry, type FeedView, lastKnownAt } from './feed-model';
import type { Format } from './format';
import { reasonWords, retryWords, streamReasonWords } from './reason';
import { createSparkline } from './sparkline';
import type { Translate } from './words';

export interface FeedRow {
  element: HTMLElement;
  /** Shows `feed` as of `now`, epoch ms. Touches only what changed. */
  update(feed: FeedView, stream: StreamState, now: number): void;
  /** Takes the row away, and its button. */
  remove(): void;
}

/** A button without text, behind the word of a row's state. */
export interface RowButton {
  element: HTMLElement;
  /** Where its name is set, as `ariaLabel`. */
  label: HTMLElement;
  /** What stands for it in the row. */
  place: HTMLElement;
}

/** How the rows of a surface are written. */
export interface RowWriter {
  setText: SetText;
  createButton(): RowButton;
}

/** Makes the row of one feed: name, value, change, sparkline, state, age; behind a button what was cut, and the reason. */
export function createFeedRow(
  document: Document,
  t: Translate,
  format: Format,
  { setText: show, createButton }: RowWriter,
): FeedRow {
  const part = (className: string, ...children: Node[]): HTMLElement =>
    createElement(document, 'span', className, ...children);
  const name = part('name');
  const value = part('value');
  const unit = part('unit');
  const change = part('change');
  const age = part('age');
  const button = createButton();
  const state = part('state');
  const meta = part('meta', button.place, state, age);
  const lines = createElement(document, 'ol', 'lines');
  const details = createElement(document, 'p', 'details');
  const sparkline = createSparkline(document);
  const element = createElement(
    document,
    'li',
    'feed',
    name,
    part('reading', value, unit),
    change,
    sparkline.element,
    meta,
    lines,
    details,
  );
  for (const text of [name, value, details]) text.dir = 'auto';
  // The button says it.
  state.ariaHidden = 'true';

  const items: HTMLElement[] = [];
  let drawn: FeedEntry | null = null;
  let isOpen = false;
  let drawDetails = (): void => {};
  const open = (next: boolean): void => {
    isOpen = next;
    button.element.ariaExpanded = String(next);
    element.classList.toggle('open', next);
    drawDetails();
  };
  open(false);
  button.element.addEventListener('click', () => open(!isOpen));

  const draw = ({ info, newest, change: difference, points, lines: kept, received }: FeedEntry): void => {
    const isEvent = info.kind === 'event';
    show(name, info.name);
    show(value, isEvent ? '' : newest ? format.value(newest.value) : '–');
    show(unit, isEvent || !newest ? '' : info.unit);
    change.dir = isEvent ? 'auto' : 'ltr';
    show(change, isEvent ? t('feed.received', [format.value(received)]) : format.change(difference));
    sparkline.update(points, format.trend(points));
    // What is longer than that shows events of another history, or of before the feed was edited.
    items.length = isEvent ? Math.min(items.length, kept.length) : 0;
    if (isEvent) {
      kept.forEach((line, index) => {
        const item = items[index] ?? createElement(document, 'li', '');
        items[index] = item;
        item.dir = 'auto';
        show(item, `${format.time(line.at)} ${format.value(line.value)}`);
      });
    }
    lines.replaceChildren(...items);
  };

  return {
    element,
    update({ entry, state: shown }, stream, now) {
      if (entry !== drawn) draw(entry);
      drawn = entry;
      const knownAt = lastKnownAt(entry, now);
      show(age, knownAt === null ? '' : format.age(now - knownAt));
      const word = t(`state.${shown}`);
      show(state, word);
      element.dataset['state'] = shown;
      button.label.ariaLabel = t('feed.details', [word, entry.info.name]);
      drawDetails = () => {
        show(details, isOpen ? detailsOf(t, format, { entry, state: shown }, stream, now) : '');
      };
      drawDetails();
    },
    remove() {
      element.remove();
      button.element.remove();
    },
  };
}

/** What the disclosure says, a sentence to a line. */
function detailsOf(t: Translate, format: Format, { entry, state }: FeedView, stream: StreamState, now: number): string {
  const { status, newest, confirmedAt, info, restarted } = entry;
  const said =
    stream.name === 'live'
      ? [
          status?.reason ? reasonWords(t, status.reason) : t(`state.about.${state}`),
          retryWords(t, format, status?.retryAt, now),
        ]
      : [
          t(`stream.${stream.name}`),
          streamReasonWords(t, stream.reason),
          stream.detail,
          retryWords(t, format, stream.retryAt, now),
        ];
  const counts = (['merged', 'lost', 'restarted'] as const).map(
    (count) => entry[count] > 0 && t(`feed.${count}`, [format.value(entry[count])]),
  );
  const times = newest && [
    t(info.kind === 'event' ? 'feed.event_at' : 'feed.at', [format.time(newest.at, now)]),
    confirmedAt !== null && confirmedAt !== newest.at && confirmedWords(t, format, now - confirmedAt),
  ];
  return [...said, ...(times ?? []), restarted > 0 && t('feed.again'), ...counts].filter(Boolean).join('\n');
}

/** "Last confirmed 5 s ago". */
const confirmedWords = (t: Translate, format: Format, ageMs: number): string =>
  ageMs < 1_000 ? t('feed.confirmed_now') : t('feed.confirmed', [format.age(ageMs)]);
