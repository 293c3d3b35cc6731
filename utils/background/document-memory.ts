/**
 * How far each document got with its event feeds, on disk: an update of the extension ends its scripts and its background,
 * and leaves the documents. Lags behind by {@link WRITE_EVERY_MS} at most, so that a new script shows a little again in an
 * empty panel rather than miss something.
 */
import * as v from 'valibot';
import { createPatience } from '../feeds/patience';
import type { SourceDeps } from '../feeds/source';
import type { Cursor } from '../stream/protocol';
import type { DocumentMemory } from '../stream/publisher';

/** Where it is kept: a record by document. Every method may reject, or never settle. */
export interface DocumentStore {
  get(documentId: string): Promise<unknown>;
  /** Puts all of them in one transaction. */
  put(records: ReadonlyMap<string, DocumentRecord>): Promise<void>;
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
/** Shortest time between the writes of two documents that are new, in ms: all pages come at once to a new background. */
const NEW_EVERY_MS = 50;
/** Shortest time between two removals of what is older, in ms. */
export const PRUNE_EVERY_MS = 60 * 60 * 1_000;
/** How long a document counts as one that writes now and then, in ms: most that say nothing for longer are closed. */
export const KNOWN_MS = 10 * 60 * 1_000;
/** Documents that count as such, at most: twice as many as there can be ports. */
export const MAX_KNOWN = 4_000;

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
export function createDocumentMemory(
  store: DocumentStore,
  { now, after }: Pick<SourceDeps, 'now' | 'after'>,
): DocumentMemory {
  const { within } = createPatience({ after });
  const unwritten = new Map<string, Record<string, Cursor>>();
  /** Documents of which something is on disk or on its way there, and when they last said something; the oldest first. */
  const known = new Map<string, number>();
  const reading = new Map<string, Promise<Record<string, Cursor>>>();
  let dueAt = Infinity;
  let callOff = (): void => {};
  let writtenAt = -Infinity;
  let prunedAt = -Infinity;
  const nothing = (): void => {};

  const prune = (): void => {
    for (const [documentId, at] of known) {
      if (known.size <= MAX_KNOWN && Math.abs(now() - at) < KNOWN_MS) break;
      known.delete(documentId);
    }
    if (Math.abs(now() - prunedAt) < PRUNE_EVERY_MS) return;
    prunedAt = now();
    store.removeBefore(prunedAt - REMEMBERED_MS).catch(nothing);
  };
  const write = (): void => {
    callOff();
    dueAt = Infinity;
    writtenAt = now();
    const records = [...unwritten].map(([documentId, cursors]) => [documentId, { at: writtenAt, cursors }] as const);
    store.put(new Map(records)).catch(nothing);
    unwritten.clear();
    prune();
  };
  const writeBy = (at: number): void => {
    if (at >= dueAt) return;
    callOff();
    dueAt = at;
    callOff = after(at - now(), write);
  };
  const read = async (documentId: string): Promise<Record<string, Cursor>> => {
    const answer = await within(RECALL_LIMIT_MS, () => store.get(documentId));
    reading.delete(documentId);
    const parsed = v.safeParse(Kept, answer.kind === 'done' ? answer.value : null);
    return parsed.success ? parsed.output.cursors : {};
  };
  prune();

  return {
    async recall(documentId) {
      const current = unwritten.get(documentId) ?? reading.get(documentId);
      if (current) return current;
      const found = read(documentId);
      reading.set(documentId, found);
      return found;
    },
    remember(documentId, cursors) {
      if (Object.keys(cursors).length === 0) return;
      const isNew = !known.delete(documentId);
      known.set(documentId, now());
      unwritten.set(documentId, cursors);
      // A new document does not wait: of one that is not known a new script would show the newest events only.
      if (!isNew) writeBy(now() + WRITE_EVERY_MS);
      else if (Math.abs(now() - writtenAt) >= NEW_EVERY_MS) write();
      else writeBy(now() + NEW_EVERY_MS);
    },
  };
}
