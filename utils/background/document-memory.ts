/**
 * How far each document got with its event feeds, on disk: an update of the extension ends its scripts and its background,
 * and leaves the documents. Lags behind by {@link WRITE_EVERY_MS} at most, so that a new script shows a little again in an
 * empty panel rather than miss something.
 */
import * as v from 'valibot';
import type { Cursor } from '../stream/protocol';
import type { DocumentMemory } from '../stream/publisher';

/** Where it is kept: a record by document. Every method may reject, or never settle. */
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

/**
 * How long a read may take, in ms; after that the document is one that is not known, and its stream begins. A page whose
 * handshake was not answered after 3 s comes again and waits for the same read.
 */
export const RECALL_LIMIT_MS = 10_000;

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
  const reading = new Map<string, Promise<Record<string, Cursor>>>();
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
  const read = async (documentId: string): Promise<Record<string, Cursor>> => {
    const late = Promise.withResolvers<void>();
    const limit = setTimeout(late.resolve, RECALL_LIMIT_MS);
    const record = await Promise.race([store.get(documentId).catch(nothing), late.promise]);
    clearTimeout(limit);
    reading.delete(documentId);
    const parsed = v.safeParse(Kept, record);
    return parsed.success ? parsed.output.cursors : {};
  };
  store.removeBefore(now() - REMEMBERED_MS).catch(nothing);

  return {
    async recall(documentId) {
      const known = unwritten.get(documentId) ?? reading.get(documentId);
      if (known) return known;
      const found = read(documentId);
      reading.set(documentId, found);
      return found;
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
