import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FeedInfo } from '../../../utils/stream/protocol';
import { createFeedList, createPlainWriter, mountFeedList } from '../../../utils/ui/feed-list';
import { createFeedModel } from '../../../utils/ui/feed-model';
import { createFormat } from '../../../utils/ui/format';
import { createDom, findAllInside, FRAME_MS } from '../../fakes/dom';
import { createEnglish } from './english';

const NOW = Date.UTC(2026, 0, 2);
const t = createEnglish();

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

const infoOf = (id: string): FeedInfo => ({
  id,
  name: `Feed ${id}`,
  kind: 'state',
  unit: '',
  epoch: 'e',
  definition: 'd',
  staleAfterMs: null,
});

/** What a list shows: the names of its rows, and what stands in their place. */
function look(root: ParentNode) {
  const [none] = findAllInside(root, '.none');
  return {
    names: findAllInside(root, '.feed .name').map(({ textContent }) => textContent),
    none: none?.hidden ? '' : none?.textContent,
  };
}

function createModel(...ids: string[]) {
  const model = createFeedModel();
  model.onStream({ name: 'live', reason: null, detail: '', retryAt: null });
  if (ids.length > 0) model.onFeeds(ids.map(infoOf));
  const receive = (feed: string, seq: number, value: number): void =>
    model.onBatch([
      {
        feed,
        epoch: 'e',
        updates: [{ seq, at: Date.now(), value }],
        merged: 0,
        lost: 0,
        continues: true,
        confirmedAt: null,
      },
    ]);
  return { ...model, receive };
}

function createBench(...ids: string[]) {
  const { document } = createDom();
  const list = createFeedList(document, t, createFormat(t, 'en-US'), createPlainWriter(document));
  document.body.append(list.element);
  const model = createModel(...ids);
  const draw = (): void => list.render(model.snapshot(NOW), NOW);
  draw();
  const rows = (): HTMLElement[] => findAllInside(document.body, '.feed');
  return { document, model, draw, rows, look: () => look(document.body) };
}

describe('feed list', () => {
  it('says that nothing is known yet', () => {
    expect(createBench().look()).toEqual({ names: [], none: 'Waiting for the first values' });
  });

  it('says that there are no feeds', () => {
    const { model, draw, look: see, document } = createBench('a');
    model.onFeeds([]);
    draw();
    expect(see()).toEqual({
      names: [],
      none: 'No feeds here yet. A later version of Tidings will let you choose some.',
    });
    expect(findAllInside(document.body, 'ul').map(({ hidden }) => hidden)).toEqual([true]);
  });

  it('has a row for each feed in the order given', () => {
    const { look: see, document } = createBench('b', 'a', 'c');
    expect(see()).toEqual({ names: ['Feed b', 'Feed a', 'Feed c'], none: '' });
    expect(findAllInside(document.body, 'ul').map((list) => [list.hidden, list.getAttribute('role')])).toEqual([
      [false, 'list'],
    ]);
  });

  it.each([
    { change: 'one more', to: ['a', 'x', 'b', 'c'] },
    { change: 'one less', to: ['a', 'c'] },
    { change: 'another order', to: ['c', 'a', 'b'] },
    { change: 'others altogether', to: ['x', 'y'] },
    { change: 'none', to: [] },
  ])('follows $change, and keeps the rows that stay', ({ to }) => {
    const { model, draw, rows, look: see } = createBench('a', 'b', 'c');
    const before = new Map(rows().map((row, index) => ['abc'.charAt(index), row]));
    model.onFeeds(to.map(infoOf));
    draw();
    expect(see().names).toEqual(to.map((id) => `Feed ${id}`));
    for (const [index, id] of to.entries()) if (before.has(id)) expect(rows()[index]).toBe(before.get(id));
  });

  it('has a new row for a feed that went and came back: its details are closed', () => {
    const { model, draw, rows, document } = createBench('a');
    const isOpen = (): (string | null)[] => findAllInside(document.body, '.more').map((state) => state.ariaExpanded);
    findAllInside(document.body, '.more')[0]?.click();
    expect(isOpen()).toEqual(['true']);
    const before = rows();
    for (const feeds of [[], [infoOf('a')]]) {
      model.onFeeds(feeds);
      draw();
    }
    expect([rows()[0] === before[0], isOpen()]).toEqual([false, ['false']]);
  });

  it('moves no row that stands where it belongs', () => {
    const { model, draw, rows } = createBench('a', 'b', 'c');
    const insert = vi.spyOn(rows()[0]?.parentElement as HTMLElement, 'insertBefore');
    draw();
    model.onFeeds(['a', 'b', 'c', 'd'].map(infoOf));
    draw();
    expect(insert).toHaveBeenCalledOnce();
  });

  it('shows what came', () => {
    const { model, draw, document } = createBench('a', 'b');
    model.receive('b', 1, 42);
    draw();
    expect(findAllInside(document.body, '.feed .value').map(({ textContent }) => textContent)).toEqual(['–', '42']);
  });
});

describe('mounted feed list', () => {
  function mount() {
    const { window, document, setHidden } = createDom();
    const model = createModel('a');
    const remove = mountFeedList(document.body, model, { t, page: window });
    const values = (): (string | null)[] =>
      findAllInside(document.body, '.feed .value').map(({ textContent }) => textContent);
    const ages = (): (string | null)[] =>
      findAllInside(document.body, '.feed .age').map(({ textContent }) => textContent);
    return { document, model, remove, setHidden, values, ages };
  }

  it('draws at the next frame, and once for all that came by then', () => {
    const { model, values } = mount();
    expect(values()).toEqual([]);
    for (let n = 1; n <= 100; n += 1) model.receive('a', n, n);
    vi.advanceTimersByTime(FRAME_MS);
    expect(values()).toEqual(['100']);
  });

  it('counts ages each second', () => {
    const { model, ages } = mount();
    model.receive('a', 1, 1);
    vi.advanceTimersByTime(FRAME_MS);
    expect(ages()).toEqual(['now']);
    vi.advanceTimersByTime(2_000 + FRAME_MS);
    expect(ages()).toEqual(['2 s']);
  });

  it('does nothing while its page is hidden, and is up to date when it shows', () => {
    const { model, setHidden, values } = mount();
    vi.advanceTimersByTime(FRAME_MS);
    setHidden(true);
    model.receive('a', 1, 42);
    expect(vi.getTimerCount()).toBe(0);
    expect(values()).toEqual(['–']);
    setHidden(false);
    vi.advanceTimersByTime(FRAME_MS);
    expect(values()).toEqual(['42']);
  });

  it('leaves nothing when it is removed', () => {
    const { document, model, remove } = mount();
    vi.advanceTimersByTime(FRAME_MS);
    remove();
    model.receive('a', 1, 1);
    expect(document.body.children).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
