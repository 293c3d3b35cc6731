/**
 * The panel on a page: a host under the root element, a closed shadow root in it with all that can be pressed, and the
 * feeds in a closed root inside of that one (veil.ts).
 *
 * The page is not trusted. What is heard outside of the roots (visibility, fullscreen) only makes us look at the real
 * state. In Firefox a page can come to the buttons and press them, which does no more than removing the panel: it pauses
 * its own stream. Hence no check of `isTrusted`: it would stop assistive software and tests. A page can always cover,
 * remove or imitate the panel.
 */
import { createAnnouncer } from './announcer';
import { type Child, createElement, setVeiledText } from './create-element';
import { createFeedList } from './feed-list';
import type { FeedModel } from './feed-model';
import { createFormat } from './format';
import { keepInPage } from './keep-in-page';
import { makeMovable } from './panel-mover';
import { cornerPosition, type PanelPlacement, parsePlacement } from './panel-position';
import { createPanelHost, HOST_SELECTOR, showWithoutSheet, veilList } from './panel-root';
import { retryWords, streamReasonWords } from './reason';
import { createRenderLoop } from './render-loop';
import { createToolButton } from './tool-button';
import { createVeiledWriter } from './veil';
import type { Translate } from './words';

export interface PanelOptions {
  document: Document;
  model: FeedModel;
  /** What the pause button does; `pause` is also called when the page has removed the panel for good. */
  actions: { pause(): void; resume(): void };
  /**
   * Keeps where the panel is on this site. The panel is hidden until `onPlacement` calls its listener; what is no placement
   * means the corner. A later call moves the panel unless the person moved it meanwhile.
   */
  store: { onPlacement(listener: (placement: unknown) => void): void; save(value: PanelPlacement): void };
  t: Translate;
  signal: AbortSignal;
}

/**
 * Shows the panel until `signal` aborts; then nothing of it is left. Replaces the panel of an older script. Never takes
 * the focus. Does nothing in a document without a window.
 */
export function mountPanel({ document, model, actions, store, t, signal: outer }: PanelOptions): void {
  const page = document.defaultView;
  if (!page || outer.aborted) return;
  for (const leftover of document.querySelectorAll(HOST_SELECTOR)) leftover.remove();

  // Ends with the caller's signal, or when the page has won.
  const ending = new AbortController();
  const { signal } = ending;
  outer.addEventListener('abort', () => ending.abort(), { signal });

  const element = (
    tag: 'div' | 'header' | 'p' | 'section' | 'span' | 'strong',
    className: string,
    ...children: Child[]
  ) => createElement(document, tag, className, ...children) as HTMLElement;
  const [move, pause, collapse] = [createToolButton(document), createToolButton(document), createToolButton(document)];
  const stream = element('span', 'stream');
  const title = element('strong', 'title');
  setVeiledText(title, t('extension.name'));
  const header = element('header', 'header', move.element, title, stream, pause.element, collapse.element);
  const format = createFormat(t);
  const rows = element('div', 'rows');
  const list = createFeedList(document, t, format, createVeiledWriter(document, rows));
  const veiled = element('div', 'tidings', list.element);
  const notice = element('p', 'notice');
  const body = element('div', 'body', notice, rows);
  const status = element('div', 'status');
  const panel = element('section', 'tidings panel', header, body, status);
  const rtl = t('@@bidi_dir') === 'rtl';
  for (const part of [panel, veiled]) part.dir = rtl ? 'rtl' : 'ltr';
  veilList(rows, veiled);
  panel.ariaLabel = t('extension.name');
  // What is pressed in it gets the focus, and so the keys after it.
  panel.tabIndex = -1;
  status.role = 'status';
  move.show('move', t('panel.move'));

  const host = createPanelHost(document, panel);
  const announce = createAnnouncer();
  let placement: PanelPlacement = { ...cornerPosition(rtl), collapsed: false };
  let placed = false;
  let isMoved = false;

  const render = (): void => {
    const now = Date.now();
    const snapshot = model.snapshot(now);
    const { name, reason, retryAt } = snapshot.stream;
    const isPaused = name === 'paused';
    setVeiledText(stream, t(`stream.${name}`));
    setVeiledText(
      notice,
      [streamReasonWords(t, reason), retryWords(t, format, retryAt, now)].filter(Boolean).join('\n'),
    );
    pause.show(isPaused ? 'resume' : 'pause', t(isPaused ? 'panel.resume' : 'panel.pause'));
    pause.element.hidden = name === 'closed';
    const news = announce(name, now);
    if (news) setVeiledText(status, t(`stream.${news}`));
    if (!placement.collapsed) list.render(snapshot, now);
  };
  const request = createRenderLoop(page, render, signal);

  const place = (next: Partial<PanelPlacement>): void => {
    placement = { ...placement, ...next };
    const { right, bottom, x, y, collapsed } = placement;
    panel.hidden = !placed || document.fullscreenElement !== null;
    panel.dataset['corner'] = `${bottom ? 'bottom' : 'top'} ${right ? 'right' : 'left'}`;
    panel.style.setProperty('--x', `${x}px`);
    panel.style.setProperty('--y', `${y}px`);
    body.hidden = collapsed;
    collapse.show(collapsed ? 'expand' : 'collapse', t(collapsed ? 'panel.expand' : 'panel.collapse'));
    collapse.element.ariaExpanded = String(!collapsed);
    request();
  };
  /** `done`: not while a drag goes on. */
  const change = (next: Partial<PanelPlacement>, done = true): void => {
    isMoved = true;
    place(next);
    if (done) store.save(placement);
  };

  makeMovable({
    panel,
    host,
    header,
    handle: move.element,
    rtl,
    position: () => placement,
    onMove: change,
  });
  pause.element.addEventListener('click', () => {
    if (model.snapshot(0).stream.name === 'paused') actions.resume();
    else actions.pause();
  });
  collapse.element.addEventListener('click', () => change({ collapsed: !placement.collapsed }));
  panel.addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape' || placement.collapsed) return;
    // What has the focus may be about to go: it must not fall out of the panel.
    collapse.element.focus();
    change({ collapsed: true });
  });
  document.addEventListener('fullscreenchange', () => place({}), { signal });
  model.onChange(request, { signal });
  keepInPage(host, {
    document,
    successor: HOST_SELECTOR,
    onGone() {
      ending.abort();
      actions.pause();
    },
    signal,
  });
  place({});
  store.onPlacement((kept) => {
    const parsed = parsePlacement(kept);
    placed = true;
    place(parsed.ok && !isMoved ? parsed.placement : {});
    // Not before: it needs the styles of the whole page, and until now nothing of the panel is to be seen.
    showWithoutSheet(host);
  });
}
