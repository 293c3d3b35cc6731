import { createSubscriber } from '../stream/subscriber';
import type { Port } from '../stream/port';
import { createAnnouncer } from '../ui/announcer';
import { createElement, setText } from '../ui/create-element';
import { mountFeedList } from '../ui/feed-list';
import { createFeedModel } from '../ui/feed-model';
import { streamReasonWords } from '../ui/reason';
import { createRenderLoop } from '../ui/render-loop';
import type { Translate } from '../ui/words';

export interface LiveValuesOptions {
  t: Translate;
  page: Window;
  /** Opens a port named `updates`. May throw. */
  connect(): Port;
  /** `false` once the extension was updated or removed. */
  isValid(): boolean;
  /** Whether the window is a private one: nothing that only it asks for is kept. */
  isPrivate: boolean;
  /** Has a text read out: that the stream was lost, or is back. */
  announce(text: string): void;
  signal: AbortSignal;
}

/**
 * Puts the values of all feeds at the end of `root`, streaming at once and until `signal` aborts, with a button that
 * pauses them: text that changes by itself must be stoppable.
 * @see https://www.w3.org/WAI/WCAG22/Understanding/pause-stop-hide
 */
export function mountLiveValues(root: HTMLElement, options: LiveValuesOptions): void {
  const { t, page, announce, signal } = options;
  const { document } = page;
  const model = createFeedModel();
  const title = createElement(document, 'h2', 'title', t('popup.values'));
  title.id = 'values-title';
  const stream = createElement(document, 'span', 'stream');
  const pause = createElement(document, 'button', 'pause');
  pause.type = 'button';
  const notice = createElement(document, 'p', 'notice');
  const section = createElement(
    document,
    'section',
    'values',
    createElement(document, 'header', 'bar', title, stream, pause),
    notice,
  );
  section.setAttribute('aria-labelledby', title.id);
  const listen = createAnnouncer();

  function render(): void {
    const now = Date.now();
    const { name, reason } = model.snapshot(now).stream;
    section.dataset['stream'] = name;
    setText(stream, t(`stream.${name}`));
    setText(notice, streamReasonWords(t, reason));
    setText(pause, t(name === 'paused' ? 'panel.resume' : 'panel.pause'));
    pause.hidden = name === 'closed';
    const news = listen(name, now);
    if (news) announce(t(`stream.${news}`));
  }

  root.append(section);
  signal.addEventListener('abort', mountFeedList(section, model, { t, page }), { once: true });
  model.onChange(createRenderLoop(page, render, signal), { signal });
  const subscriber = createSubscriber({ ...options, ...model });
  pause.addEventListener(
    'click',
    () => {
      if (model.snapshot(Date.now()).stream.name === 'paused') subscriber.resume();
      else subscriber.pause();
    },
    { signal },
  );
}
