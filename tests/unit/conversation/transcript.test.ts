import fc from 'fast-check';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { MAX_ENTRIES, type Entry } from '../../../utils/conversation/protocol';
import { createSessionStore } from '../../../utils/conversation/session-store';
import { createTranscript, type TranscriptStore } from '../../../utils/conversation/transcript';

const entry = (id: string): Entry => ({
  id,
  at: 1,
  from: 'person',
  text: id,
  to: null,
  answers: null,
  outcome: null,
});

/** A store whose writes end when the test says so. */
function createSlowStore(kept: unknown = undefined) {
  const writes: { entries: readonly Entry[]; end(): void; fail(): void }[] = [];
  const store: TranscriptStore = {
    load: () => Promise.resolve(kept),
    save(entries) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      writes.push({ entries, end: resolve, fail: () => reject(new Error('QuotaExceededError')) });
      return promise;
    },
  };
  return { store, writes };
}

const ids = (entries: readonly Entry[] | undefined): string[] => (entries ?? []).map(({ id }) => id);
const settle = (): Promise<void> => setImmediate();

describe('transcript', () => {
  it('outlives a restart of the worker', async () => {
    let kept: Record<string, unknown> = {};
    const store = createSessionStore(
      () => ({
        get: () => Promise.resolve(structuredClone(kept)),
        set: (items) => {
          kept = structuredClone(items);
          return Promise.resolve();
        },
      }),
      'conversation',
    );
    const before = createTranscript(store);
    await before.whenLoaded;
    before.append(entry('a'), entry('b'));
    await settle();
    const after = createTranscript(store);
    await after.whenLoaded;
    after.append(entry('c'));
    expect(ids(after.entries())).toEqual(['a', 'b', 'c']);
  });

  it('keeps the newest 200 in order whatever is appended', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 9 }), (sizes) => {
        const transcript = createTranscript(createSlowStore().store);
        const all: string[] = [];
        for (const size of sizes) {
          const added = Array.from({ length: size }, (_, n) => entry(`e${all.length + n}`));
          all.push(...ids(added));
          transcript.append(...added);
        }
        expect(ids(transcript.entries())).toEqual(all.slice(-MAX_ENTRIES));
      }),
    );
  });

  it('has one write under way at a time, and the last one has everything', async () => {
    const { store, writes } = createSlowStore();
    const transcript = createTranscript(store);
    await transcript.whenLoaded;
    for (const id of ['a', 'b', 'c']) transcript.append(entry(id));
    await settle();
    expect(writes.map(({ entries }) => ids(entries))).toEqual([['a']]);
    writes[0]?.end();
    await settle();
    expect(writes.map(({ entries }) => ids(entries))).toEqual([['a'], ['a', 'b', 'c']]);
  });

  it('starts its write before append returns, so that an answer shown is already on its way to the store', async () => {
    const { store, writes } = createSlowStore();
    const transcript = createTranscript(store);
    await transcript.whenLoaded;
    transcript.append(entry('a'));
    expect(writes).toHaveLength(1);
  });

  it('goes on in memory when a write fails, and tries again with the next', async () => {
    const { store, writes } = createSlowStore();
    const transcript = createTranscript(store);
    await transcript.whenLoaded;
    transcript.append(entry('a'));
    writes[0]?.fail();
    await settle();
    transcript.append(entry('b'));
    expect(ids(transcript.entries())).toEqual(['a', 'b']);
    expect(ids(writes[1]?.entries)).toEqual(['a', 'b']);
  });

  it('forgets all there is, also in its store', async () => {
    const { store, writes } = createSlowStore();
    const transcript = createTranscript(store);
    await transcript.whenLoaded;
    transcript.append(entry('a'));
    transcript.forget();
    await settle();
    expect(transcript.entries()).toEqual([]);
    writes[0]?.end();
    await settle();
    expect(writes.map(({ entries }) => ids(entries))).toEqual([['a'], []]);
  });

  it('forgets what is still being loaded, but not what is said afterwards', async () => {
    const { store, writes } = createSlowStore([entry('old')]);
    const transcript = createTranscript(store);
    transcript.forget();
    await transcript.whenLoaded;
    await settle();
    expect(transcript.entries()).toEqual([]);
    expect(writes.map(({ entries }) => ids(entries))).toEqual([[]]);
    transcript.append(entry('new'));
    expect(ids(transcript.entries())).toEqual(['new']);
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('denied'))],
    [
      'throws',
      () => {
        throw new Error('no storage.session');
      },
    ],
    ['holds nothing', () => Promise.resolve(undefined)],
    ['holds another shape', () => Promise.resolve([{ id: 'a' }])],
  ] satisfies [string, () => Promise<unknown>][])('starts empty when its store %s', async (_, load) => {
    const transcript = createTranscript({ load, save: () => Promise.resolve() });
    await transcript.whenLoaded;
    expect(transcript.entries()).toEqual([]);
    transcript.append(entry('a'));
    expect(ids(transcript.entries())).toEqual(['a']);
  });
});
