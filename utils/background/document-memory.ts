/**
 * How far each document got with its event feeds, on disk: an update of the extension ends its scripts and its background,
 * and leaves the documents. Lags behind by {@link WRITE_EVERY_MS} at most, so that a new script shows a little again in an
 * empty panel rather than miss something.
 */
import * as v from 'valibot';
import type { Cursor } from '../stream/protocol';
import type { DocumentMemory } from '../stream/publisher';

/** Where it is kept: a record by document. Every method may reject. */
export interface DocumentStore {
  get(documentId: string): Promise<unknown>;
  put(documentId: string, record: DocumentRecord): Promise<void>;
  /** Removes all records written before `at`, epoch ms. */
  removeBefore(at: number): Promise<void>;
}

export interface DocumentRecord {
  /** When it was written, epoch ms. */
  at: number;
  cursors: Record<string, Cursor>;
}

/** Shortest time between two writes of all documents, in ms. */
export const WRITE_EVERY_MS = 1_000;
/** How long a document is remembered, in ms: a day, after which a page that still waits begins with a snapshot. */
export const REMEMBERED_MS = 24 * 60 * 60 * 1_000;

const Id = v.pipe(v.string(), v.nonEmpty(), v.maxLength(64));
const Kept = v.object({
  at: v.number(),
  cursors: v.record(Id, v.object({ epoch: Id, seq: v.pipe(v.number(), v.safeInteger(), v.minValue(0)) })),
});

/** Makes a memory over a store. Where the store is refused, nothing is remembered and nobody is told: the stream goes on. */
export function createDocumentMemory(store: DocumentStore, now: () => number): DocumentMemory {
  const unwritten = new Map<string, Record<string, Cursor>>();
  /** Documents of which something is on disk, or on its way there. */
  const written = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const nothing = (): void => {};

  const put = (documentId: string, cursors: Record<string, Cursor>): void => {
    store.put(documentId, { at: now(), cursors }).catch(nothing);
  };
  const write = (): void => {
    timer = undefined;
    for (const [documentId, cursors] of unwritten) put(documentId, cursors);
    unwritten.clear();
  };
  store.removeBefore(now() - REMEMBERED_MS).catch(nothing);

  return {
    async recall(documentId) {
      const own = unwritten.get(documentId);
      if (own) return own;
      const parsed = v.safeParse(Kept, await store.get(documentId).catch(nothing));
      return parsed.success ? parsed.output.cursors : {};
    },
    remember(documentId, cursors) {
      if (Object.keys(cursors).length === 0) return;
      if (!written.has(documentId)) {
        // A new document does not wait: of one that is not known a new script would show the newest events only.
        written.add(documentId);
        return put(documentId, cursors);
      }
      unwritten.set(documentId, cursors);
      timer ??= setTimeout(write, WRITE_EVERY_MS);
    },
  };
}
