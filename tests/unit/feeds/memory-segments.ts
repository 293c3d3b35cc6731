import type { Segment, Segments } from '../../../utils/feeds/segments';

export interface MemorySegments extends Segments {
  /** What is there, by connection. */
  readonly kept: Map<string, Segment[]>;
  /** Connections of which an answer was read without access. */
  readonly marks: Set<string>;
  /** Every write that was kept, in order. */
  readonly writes: string[];
  /** `refuse`: everything rejects; `full`: writes do; `hang`: nothing settles; `hold`: everything waits for {@link release}. */
  mode: 'work' | 'refuse' | 'full' | 'hang' | 'hold';
  /** Lets the writes that wait go through. */
  release(): void;
  /** The same disk as another background finds it. */
  reopen(): MemorySegments;
}

/** IndexedDB as far as checkpoints use it: a write is kept whole or not at all. */
export function createMemorySegments(kept = new Map<string, Segment[]>(), marks = new Set<string>()): MemorySegments {
  const writes: string[] = [];
  let held: (() => void)[] = [];

  const perform = async (change: () => void, isWrite = true): Promise<void> => {
    if (segments.mode === 'refuse' || (segments.mode === 'full' && isWrite))
      throw new DOMException('full', 'QuotaExceededError');
    if (segments.mode === 'hang') await new Promise<never>(() => {});
    if (segments.mode === 'hold') {
      const { promise, resolve } = Promise.withResolvers<void>();
      held.push(resolve);
      await promise;
    }
    await Promise.resolve();
    change();
  };

  const segments: MemorySegments = {
    kept,
    marks,
    writes,
    mode: 'work',
    release() {
      for (const resolve of held) resolve();
      held = [];
    },
    reopen: () => createMemorySegments(structuredClone(kept), new Set(marks)),
    async load(connection) {
      await perform(() => {}, false);
      return [...(kept.get(connection) ?? [])];
    },
    put: (connection, number, text) =>
      perform(() => {
        writes.push(text);
        kept.set(connection, [...(kept.get(connection) ?? []), [number, text]]);
      }),
    replace: (connection, number, text) =>
      perform(() => {
        writes.push(text);
        kept.set(connection, [[number, text]]);
      }),
    hasMark: (connection) => perform(() => {}, false).then(() => marks.has(connection)),
    mark: (connection) =>
      perform(() => {
        marks.add(connection);
      }),
    prune: (keep, marked) =>
      perform(() => {
        for (const connection of marks) if (!marked.has(connection)) marks.delete(connection);
        for (const connection of kept.keys()) if (!keep.has(connection)) kept.delete(connection);
      }),
  };
  return segments;
}
