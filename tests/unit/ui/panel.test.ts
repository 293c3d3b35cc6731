import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FeedInfo } from '../../../utils/stream/protocol';
import type { StreamState } from '../../../utils/stream/subscriber';
import { createFeedModel } from '../../../utils/ui/feed-model';
import { mountPanel } from '../../../utils/ui/panel';
import type { PanelPlacement } from '../../../utils/ui/panel-position';
import { HOST_SELECTOR } from '../../../utils/ui/panel-root';
import { createDom, findAllInside, FRAME_MS, shadowRootOf } from '../../fakes/dom';
import { createEnglish } from './english';

const NOW = Date.UTC(2026, 0, 2);
const KEPT: PanelPlacement = { right: false, bottom: false, x: 16, y: 24, collapsed: false };
const QUEUE: FeedInfo = {
  id: 'queue',
  name: 'Queue',
  kind: 'state',
  unit: 'jobs',
  epoch: 'e',
  definition: 'd',
  staleAfterMs: null,
};

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  vi.stubGlobal('getComputedStyle', () => ({ getPropertyValue: () => 'visible' }));
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Time in which all is drawn that is asked for. */
const frame = (): Promise<unknown> => vi.advanceTimersByTimeAsync(FRAME_MS);

/** The text that an element shows by the style sheet. */
const shown = (element: HTMLElement): string => (element.hidden ? '' : (element.dataset['text'] ?? ''));

interface BenchOptions {
  /** What the panel is told of its place at once; default: that none is known. */
  kept?: unknown;
  /** Whether it is told at once. */
  isPlaced?: boolean;
  signal?: AbortSignal;
  rtl?: boolean;
  prepare?(document: Document): void;
}

function createBench({ kept = null, isPlaced = true, signal, rtl = false, prepare }: BenchOptions = {}) {
  const { window, document, fire } = createDom();
  vi.stubGlobal('MutationObserver', window.MutationObserver);
  prepare?.(document);
  const english = createEnglish();
  const ending = new AbortController();
  const model = createFeedModel();
  const actions = { pause: vi.fn<() => void>(), resume: vi.fn<() => void>() };
  const save = vi.fn<(placement: PanelPlacement) => void>();
  let tell: (placement: unknown) => void = () => undefined;
  mountPanel({
    document,
    model,
    actions,
    store: {
      onPlacement(listener) {
        tell = listener;
        if (isPlaced) listener(kept);
      },
      save,
    },
    t: (key, substitutions) => (key === '@@bidi_dir' ? (rtl ? 'rtl' : 'ltr') : english(key, substitutions)),
    signal: signal ?? ending.signal,
  });
  const all = (selector: string): HTMLElement[] => findAllInside(document, selector);
  const find = (selector: string): HTMLElement => {
    const [found] = all(selector);
    if (!found) throw new Error(`Cannot find "${selector}" in the panel`);
    return found;
  };
  const tool = (label: RegExp): HTMLButtonElement => {
    const found = all('button.tool').find(({ title }) => label.test(title));
    if (!found) throw new Error(`Cannot find a button like ${label}`);
    return found as HTMLButtonElement;
  };
  const stream = (name: StreamState['name'], reason: string | null = null, retryAt: number | null = null): void =>
    model.onStream({ name, reason, detail: '', retryAt });
  return {
    document,
    fire,
    ending,
    model,
    actions,
    save,
    tell: (placement: unknown) => tell(placement),
    all,
    find,
    tool,
    stream,
    hosts: () => [...document.querySelectorAll(HOST_SELECTOR)],
    place: () => {
      const { style, dataset } = find('.panel');
      return [dataset['corner'], style.getPropertyValue('--x'), style.getPropertyValue('--y')];
    },
    receive: (seq: number, value: number) =>
      model.onBatch([
        {
          feed: 'queue',
          epoch: 'e',
          updates: [{ seq, at: NOW, value }],
          merged: 0,
          lost: 0,
          continues: true,
          confirmedAt: null,
        },
      ]),
  };
}

describe('panel on a page', () => {
  it('stands under the root element, in a closed root', () => {
    const { hosts, find } = createBench();
    expect(hosts()).toHaveLength(1);
    expect(hosts()[0]?.shadowRoot).toBeNull();
    expect(find('.panel').getAttribute('aria-label')).toBe('Tidings');
  });

  it('replaces the panel of an older script', () => {
    const prepare = (document: Document): void => {
      const old = document.createElement('div');
      old.setAttribute('data-tidings-panel', '');
      old.id = 'old';
      document.documentElement.append(old);
    };
    const { hosts } = createBench({ prepare });
    expect(hosts().map(({ id }) => id)).toEqual(['']);
  });

  it.each<[string, BenchOptions]>([
    ['for a signal that aborted before', { signal: AbortSignal.abort() }],
    [
      'in a document without a window',
      { prepare: (document) => Object.defineProperty(document, 'defaultView', { value: null }) },
    ],
  ])('is not shown %s', (_, options) => {
    const { hosts } = createBench(options);
    expect(hosts()).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('takes no focus', async () => {
    const { document } = createBench();
    await frame();
    expect(document.activeElement).toBe(document.body);
  });

  it('shows what the stream brings, and has no text node of it in the page', async () => {
    const { stream, model, receive, find, hosts } = createBench();
    stream('live');
    model.onFeeds([QUEUE]);
    receive(1, 42);
    await frame();
    expect(['.stream', '.name', '.value', '.unit'].map((part) => shown(find(part)))).toEqual([
      'Live',
      'Queue',
      '42',
      'jobs',
    ]);
    const [host] = hosts();
    const texts = host ? findAllInside(shadowRootOf(host), '*').filter(({ localName }) => localName !== 'style') : [];
    expect(texts.map(({ textContent }) => textContent).join('')).toBe('');
  });

  it('draws once a frame at most, and not while the page is hidden', async () => {
    const { stream, find, document, fire } = createBench();
    await frame();
    stream('live');
    expect(shown(find('.stream'))).toBe('Not started');
    await frame();
    expect(shown(find('.stream'))).toBe('Live');
    Object.assign(document, { hidden: true });
    fire(document, 'visibilitychange');
    stream('closed');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(shown(find('.stream'))).toBe('Live');
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('stream in the panel', () => {
  it('is told with its reason and when it is tried again', async () => {
    const { stream, find } = createBench();
    stream('waiting', 'disconnect', NOW + FRAME_MS + 5_000);
    await frame();
    expect(shown(find('.stream'))).toBe('Connection lost');
    expect(shown(find('.notice'))).toBe('The background of Tidings stopped.\nNext try in 5 s');
    stream('live');
    await frame();
    expect(shown(find('.notice'))).toBe('');
  });

  it('is paused and resumed by one button', async () => {
    const { stream, tool, actions } = createBench();
    stream('live');
    await frame();
    tool(/^Pause/).click();
    expect([actions.pause.mock.calls.length, actions.resume.mock.calls.length]).toEqual([1, 0]);
    stream('paused');
    await frame();
    tool(/^Resume/).click();
    expect([actions.pause.mock.calls.length, actions.resume.mock.calls.length]).toEqual([1, 1]);
  });

  it('cannot be paused once it is closed', async () => {
    const { stream, tool } = createBench();
    stream('closed', 'invalidated');
    await frame();
    expect(tool(/^Pause/).hidden).toBe(true);
  });

  it('is announced when it was lost for long, and when it is back', async () => {
    const { stream, find } = createBench();
    stream('live');
    await frame();
    expect([find('.status').getAttribute('role'), shown(find('.status'))]).toEqual(['status', '']);
    stream('waiting');
    await frame();
    expect(shown(find('.status'))).toBe('');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(shown(find('.status'))).toBe('Connection lost');
    stream('live');
    await frame();
    expect(shown(find('.status'))).toBe('Connection is back');
  });
});

describe('place of the panel', () => {
  it('is not shown before it is known', async () => {
    const { find, place, tell } = createBench({ isPlaced: false });
    await frame();
    expect(find('.panel').hidden).toBe(true);
    tell(KEPT);
    await frame();
    expect(find('.panel').hidden).toBe(false);
    expect(place()).toEqual(['top left', '16px', '24px']);
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['junk', { ...KEPT, x: 'far' }],
  ])('is the corner with %s', async (_, kept) => {
    const { find, place } = createBench({ kept });
    await frame();
    expect(find('.panel').hidden).toBe(false);
    expect(place()).toEqual(['bottom right', '8px', '8px']);
  });

  it('is taken up when it comes late', async () => {
    const { place, tell, save } = createBench();
    await frame();
    tell(KEPT);
    expect(place()).toEqual(['top left', '16px', '24px']);
    expect(save).not.toHaveBeenCalled();
  });

  it('is not taken up any more when the person has moved the panel', async () => {
    const { place, tell, tool } = createBench();
    await frame();
    tool(/^Move/).click();
    const moved = place();
    tell(KEPT);
    expect(place()).toEqual(moved);
  });

  it.each([
    [false, 'ltr', 'bottom right'],
    [true, 'rtl', 'bottom left'],
  ])('is at the end of the line: with rtl %j %s, %s', async (rtl, dir, corner) => {
    const { find, place } = createBench({ rtl });
    await frame();
    expect([find('.panel').dir, place()[0]]).toEqual([dir, corner]);
  });

  it('is the next corner when the handle is pressed, and is kept', async () => {
    const { tool, save, place } = createBench({ kept: KEPT });
    await frame();
    tool(/^Move/).click();
    expect(place()).toEqual(['top right', '8px', '8px']);
    expect(save).toHaveBeenCalledExactlyOnceWith({ right: true, bottom: false, x: 8, y: 8, collapsed: false });
  });

  it('is kept when a drag ends, and not before', async () => {
    const { find, fire, save, place } = createBench({ kept: KEPT });
    await frame();
    const header = find('.header');
    header.setPointerCapture = () => undefined;
    fire(header, 'pointerdown', { pointerId: 1, clientX: 0, clientY: 0 });
    fire(header, 'pointermove', { pointerId: 1, clientX: 50, clientY: 0 });
    const moved = place();
    expect(save).not.toHaveBeenCalled();
    fire(header, 'pointerup', { pointerId: 1, clientX: 50, clientY: 0 });
    expect(save).toHaveBeenCalledOnce();
    expect([moved[0], place()]).toEqual(['top left', moved]);
  });

  it('is left to what fills the screen', async () => {
    const { document, fire, find } = createBench();
    await frame();
    Object.assign(document, { fullscreenElement: document.body });
    fire(document, 'fullscreenchange');
    expect(find('.panel').hidden).toBe(true);
    Object.assign(document, { fullscreenElement: null });
    fire(document, 'fullscreenchange');
    expect(find('.panel').hidden).toBe(false);
  });
});

describe('collapsed panel', () => {
  const COLLAPSED = { ...KEPT, collapsed: true };

  it('collapses and expands by one button, and keeps it', async () => {
    const { tool, find, save } = createBench({ kept: KEPT });
    await frame();
    const button = tool(/^Collapse/);
    expect([find('.body').hidden, button.ariaExpanded]).toEqual([false, 'true']);
    button.click();
    expect([find('.body').hidden, button.ariaExpanded, button.title]).toEqual([true, 'false', 'Expand']);
    expect(save).toHaveBeenLastCalledWith({ ...KEPT, collapsed: true });
    button.click();
    expect([find('.body').hidden, button.ariaExpanded, button.title]).toEqual([false, 'true', 'Collapse']);
    expect(save).toHaveBeenLastCalledWith(KEPT);
  });

  it('is collapsed as it was kept', async () => {
    const { find } = createBench({ kept: COLLAPSED });
    await frame();
    expect(find('.body').hidden).toBe(true);
  });

  it('draws no rows, and has them when it expands', async () => {
    const { model, receive, all, find, tool } = createBench({ kept: COLLAPSED });
    await frame();
    model.onFeeds([QUEUE]);
    receive(1, 42);
    await frame();
    expect(all('.feed')).toHaveLength(0);
    tool(/^Expand/).click();
    await frame();
    expect(shown(find('.value'))).toBe('42');
  });

  it('collapses by Escape, and has the focus on the button that expands it', async () => {
    const { document, fire, find, tool, save } = createBench({ kept: KEPT });
    await frame();
    fire(find('.panel'), 'keydown', { key: 'Escape' });
    expect(find('.body').hidden).toBe(true);
    expect(save).toHaveBeenCalledExactlyOnceWith({ ...KEPT, collapsed: true });
    expect(document.activeElement).toBe(tool(/^Expand/));
    fire(find('.panel'), 'keydown', { key: 'Escape' });
    expect(save).toHaveBeenCalledOnce();
  });

  it.each(['Enter', 'a', 'Esc'])('does not collapse by %s', async (key) => {
    const { fire, find } = createBench({ kept: KEPT });
    await frame();
    fire(find('.panel'), 'keydown', { key });
    expect(find('.body').hidden).toBe(false);
  });
});

describe('end of the panel', () => {
  it('leaves nothing when its signal aborts', async () => {
    const { ending, hosts, stream, actions } = createBench();
    await frame();
    ending.abort();
    stream('live');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(hosts()).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(0);
    expect(actions.pause).not.toHaveBeenCalled();
  });

  it('comes when the page insists, and pauses the stream then', async () => {
    const { hosts, actions } = createBench();
    await frame();
    for (let n = 0; n < 3; n += 1) {
      hosts()[0]?.remove();
      await frame();
    }
    expect([hosts().length, actions.pause.mock.calls.length]).toEqual([1, 0]);
    hosts()[0]?.remove();
    await frame();
    expect([hosts().length, actions.pause.mock.calls.length, vi.getTimerCount()]).toEqual([0, 1, 0]);
  });
});
