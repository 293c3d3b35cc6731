import { fakeBrowser } from '@webext-core/fake-browser';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ContentScriptContext } from 'wxt/utils/content-script-context';
import script from '../../../entrypoints/updates.content/index';
import type { FeedInfo } from '../../../utils/stream/protocol';
import { createSubscriber, type Subscriber } from '../../../utils/stream/subscriber';
import { mountPanel } from '../../../utils/ui/panel';
import { createDom } from '../../fakes/dom';
import { createPortPair } from '../../fakes/port';

vi.mock(import('../../../utils/stream/subscriber'), () => ({ createSubscriber: vi.fn() }));
vi.mock(import('../../../utils/ui/panel'), () => ({ mountPanel: vi.fn() }));

const QUEUE: FeedInfo = {
  id: 'queue',
  name: 'Queue',
  kind: 'state',
  unit: '',
  epoch: 'e',
  definition: 'd',
  staleAfterMs: null,
};
const BATCH = {
  feed: 'queue',
  epoch: 'e',
  updates: [{ seq: 1, at: 1, value: 42 }],
  merged: 0,
  lost: 0,
  continues: true,
  confirmedAt: null,
};

const PLACEMENT = { right: true, bottom: false, x: 16, y: 24, collapsed: true };

const subscriber = { pause: vi.fn(), resume: vi.fn(), note: vi.fn() } satisfies Subscriber;

/** Runs the script in a page up to its first frame, and gives what it handed to stream and panel. `early`: what it had made before that; `failure`: what the frame threw. */
async function run() {
  const { window, document } = createDom();
  vi.stubGlobal('window', window);
  vi.stubGlobal('document', document);
  vi.stubGlobal('location', new URL('http://localhost:4100/builds'));
  vi.stubGlobal('CustomEvent', window.CustomEvent);
  const connect = vi.fn<(info: { name: string }) => unknown>(() => createPortPair().page);
  Object.assign(fakeBrowser.runtime, { id: 'tidings', connect });
  Object.assign(fakeBrowser, { i18n: { getMessage: (name: string) => `[${name}]` } });
  const frame = vi.fn<(draw: () => void) => number>();
  vi.stubGlobal('requestAnimationFrame', frame);
  const ending = new AbortController();
  const abort = vi.fn<(reason: unknown) => void>(() => ending.abort());
  const context: unknown = { signal: ending.signal, abort };
  await script.main(context as ContentScriptContext);
  const early = [createSubscriber, mountPanel].map((make) => vi.mocked(make).mock.calls.length);
  let failure: unknown = null;
  try {
    for (const [draw] of frame.mock.calls) draw();
  } catch (error) {
    failure = error;
  }
  const [stream] = vi.mocked(createSubscriber).mock.calls.at(-1) ?? [];
  const [panel] = vi.mocked(mountPanel).mock.calls.at(-1) ?? [];
  if (!stream || !panel) throw new Error('Cannot look at the script: it made no stream or no panel');
  const applied: string[] = [];
  document.addEventListener('tidings-applied', (event) => applied.push(String((event as CustomEvent).detail)));
  return { window, document, connect, ending, abort, stream, panel, applied, early, failure };
}

beforeEach(() => {
  fakeBrowser.reset();
  subscriber.note.mockReset();
  vi.mocked(createSubscriber).mockReset().mockReturnValue(subscriber);
  vi.mocked(mountPanel).mockReset();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

describe('content script', () => {
  test('is registered at run time, for no site in the manifest, and posts nothing to the page', () => {
    expect(script).toMatchObject({ matches: [], registration: 'runtime', noScriptStartedPostMessage: true });
  });

  test('opens ports for updates, and knows when its extension is gone', async () => {
    const { stream, connect, window } = await run();
    stream.connect();
    expect(connect).toHaveBeenCalledExactlyOnceWith({ name: 'updates' });
    expect([stream.page, stream.isValid()]).toEqual([window, true]);
    Object.assign(fakeBrowser.runtime, { id: undefined });
    expect(stream.isValid()).toBe(false);
  });

  test('begins its stream at once, and makes its panel in the first frame', async () => {
    const { early } = await run();
    expect(early).toEqual([1, 0]);
  });

  test('has a panel that shows what the stream brings', async () => {
    const { stream, panel } = await run();
    stream.onStream({ name: 'live', reason: null, detail: '', retryAt: null });
    stream.onFeeds([QUEUE]);
    stream.onBatch([BATCH]);
    stream.onStatus({ feed: 'queue', state: 'live', since: 1, reason: null, retryAt: null });
    const { stream: shown, feeds } = panel.model.snapshot(1);
    expect(shown.name).toBe('live');
    expect(feeds?.map(({ entry, state }) => [entry.newest?.value, state])).toEqual([[42, 'live']]);
  });

  test('has a panel that pauses the stream, and speaks the language of the browser', async () => {
    const { panel, document } = await run();
    expect(panel.actions).toBe(subscriber);
    expect(panel.document).toBe(document);
    expect(panel.t('panel.pause')).toBe('[panel_pause]');
  });

  test('has the place of its panel from the stream, and sends it there', async () => {
    const { stream, panel } = await run();
    const shown: unknown[] = [];
    panel.store.onPlacement((placement) => shown.push(placement));
    stream.onNote?.(PLACEMENT);
    panel.store.save(PLACEMENT);
    expect(shown).toEqual([PLACEMENT]);
    expect(subscriber.note).toHaveBeenCalledExactlyOnceWith(PLACEMENT);
  });

  test('shows its panel without a place when the stream waits', async () => {
    const { stream, panel } = await run();
    const shown: unknown[] = [];
    panel.store.onPlacement((placement) => shown.push(placement));
    stream.onStream({ name: 'waiting', reason: null, detail: '', retryAt: null });
    expect(shown).toEqual([null]);
  });

  test('ends its context when there can be no panel', async () => {
    vi.mocked(mountPanel).mockImplementationOnce(() => {
      throw new TypeError('attachShadow is not a function');
    });
    const { abort, failure } = await run();
    expect(failure).toEqual(new TypeError('attachShadow is not a function'));
    expect(abort).toHaveBeenCalledExactlyOnceWith('no panel');
  });

  test('does nothing in a document that is no HTML', async () => {
    const { document } = createDom();
    vi.stubGlobal('document', document);
    Object.defineProperty(document.documentElement, 'localName', { value: 'svg' });
    const abort = vi.fn();
    const context: unknown = { signal: new AbortController().signal, abort };
    await script.main(context as ContentScriptContext);
    expect(createSubscriber).not.toHaveBeenCalled();
    expect(abort).not.toHaveBeenCalled();
  });

  test('ends stream and panel with its context', async () => {
    const { stream, panel, ending } = await run();
    ending.abort();
    expect([stream.signal.aborted, panel.signal.aborted]).toEqual([true, true]);
  });

  test('ends its context with the stream, and with nothing else', async () => {
    const { stream, abort } = await run();
    for (const name of ['connecting', 'waiting', 'paused', 'live'] as const) {
      stream.onStream({ name, reason: null, detail: '', retryAt: null });
    }
    expect(abort).not.toHaveBeenCalled();
    stream.onStream({ name: 'closed', reason: 'invalidated', detail: '', retryAt: null });
    expect(abort).toHaveBeenCalledExactlyOnceWith('invalidated');
  });

  test.each([
    ['production', 0],
    ['development', 0],
    ['test', 1],
  ])('of a build of mode %s tells the page of %d batches', async (mode, count) => {
    vi.stubEnv('MODE', mode);
    const { stream, applied } = await run();
    stream.onBatch([BATCH]);
    expect(applied).toHaveLength(count);
  });
});
