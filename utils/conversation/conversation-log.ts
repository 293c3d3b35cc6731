import { createElement } from '../ui/create-element';
import type { Translate, WordKey } from '../ui/words';
import type { Entry } from './protocol';

/** More than this many new entries at once are a transcript, which nobody wants read out as a whole. */
const MAX_ANNOUNCED = 2;

/** Distance from the end, in px, within which the log still follows what is new. */
const AT_END_PX = 24;

export interface ConversationLog {
  element: HTMLElement;
  /** Shows `entries`, oldest first. Adds and removes only what changed, and stays at the end if it was there. */
  update(entries: readonly Entry[]): void;
}

/** Makes the log: an entry a line, with who and when. `labelId`: element that names it. */
export function createConversationLog(document: Document, t: Translate, labelId: string): ConversationLog {
  const list = createElement(document, 'ol', 'entries');
  const none = createElement(document, 'p', 'nothing', t('conversation.empty'));
  const element = createElement(document, 'div', 'log', none, list);
  element.setAttribute('role', 'log');
  element.setAttribute('aria-labelledby', labelId);
  // Scrolls, so that it must be reachable by keyboard.
  element.tabIndex = 0;
  list.setAttribute('role', 'list');
  let shown: readonly Entry[] = [];

  return {
    element,
    update(entries) {
      if (entries === shown) return;
      const wasAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < AT_END_PX;
      const first = shown.findIndex(({ id }) => id === entries[0]?.id);
      const kept = first < 0 ? 0 : countSame(shown.slice(first), entries);
      const added = entries.slice(kept);
      element.ariaLive = added.length > MAX_ANNOUNCED ? 'off' : 'polite';
      for (const [place, item] of [...list.children].entries()) {
        if (kept === 0 || place < first || place >= first + kept) item.remove();
      }
      list.append(...added.map((entry) => createItem(document, t, entry)));
      none.hidden = entries.length > 0;
      list.hidden = entries.length === 0;
      shown = entries;
      if (wasAtEnd) element.scrollTop = element.scrollHeight;
    },
  };
}

/** How many entries `a` and `b` begin with in common. */
function countSame(a: readonly Entry[], b: readonly Entry[]): number {
  const differs = b.findIndex(({ id }, place) => id !== a[place]?.id);
  return differs < 0 ? b.length : differs;
}

function createItem(document: Document, t: Translate, entry: Entry): HTMLLIElement {
  const who = createElement(document, 'span', 'who', whoWords(t, entry));
  const time = createElement(document, 'time', 'at', formatTime(entry.at));
  const at = new Date(entry.at);
  time.dateTime = at.toISOString();
  time.title = at.toLocaleString();
  const text = createElement(document, 'p', 'text', textWords(t, entry));
  text.dir = 'auto';
  time.dir = 'auto';
  const item = createElement(document, 'li', 'entry', who, time, text);
  item.dataset['from'] = entry.from;
  item.dataset['outcome'] = entry.outcome ?? '';
  return item;
}

function whoWords(t: Translate, { from, to }: Entry): string {
  if (from === 'background') return t('conversation.background');
  return to === null ? t('conversation.you') : t('conversation.you_to', [to]);
}

/** What an entry says, in words; a text is shown as it is. A code that no message knows gets a general sentence. */
export function textWords(t: Translate, { outcome, text, to }: Entry): string {
  const name = to ?? '';
  if (outcome === 'accepted') return t('conversation.accepted', [name]);
  if (outcome !== 'refused') return text;
  // Codes come from outside, hence the cast.
  const key = `conversation.upstream.${text.replaceAll('-', '_')}` as WordKey;
  return t(key, [name]) || t('conversation.upstream.other', [name]);
}

/** "14:03:22"; with the date when that is not today's. */
function formatTime(at: number): string {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? date.toLocaleTimeString() : date.toLocaleString();
}
