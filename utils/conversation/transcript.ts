/**
 * What was said, oldest first: at most 200 entries in memory, and a copy in a store that outlives the worker.
 *
 * Loading takes a moment after a start. Whoever appends must wait for `whenLoaded` first, or the entries of before
 * would come after; the responder does so for every message.
 */
import { MAX_ENTRIES, parseEntries, type Entry } from './protocol';

/** Where a transcript is kept. Both may reject: the conversation then goes on in memory. */
export interface TranscriptStore {
  load(): Promise<unknown>;
  save(entries: readonly Entry[]): Promise<void>;
}

export interface Transcript {
  /** Resolves when what was kept is here, or could not be had. Never rejects. */
  readonly whenLoaded: Promise<void>;
  /** Oldest first, at most {@link MAX_ENTRIES}. */
  entries(): readonly Entry[];
  /** Adds what belongs together, drops the oldest, and writes soon: at most one write is under way at a time. */
  append(...added: Entry[]): void;
  /** Drops all there is, also what is still being loaded. */
  forget(): void;
}

/** Starts loading at once. What was kept and does not parse is dropped as a whole. */
export function createTranscript(store: TranscriptStore): Transcript {
  let entries: readonly Entry[] = [];
  let isSaving = false;
  let isUnsaved = false;

  async function load(): Promise<void> {
    try {
      entries = parseEntries(await store.load()) ?? [];
    } catch {
      // The browser refuses the store: nothing was kept.
    }
  }

  async function save(): Promise<void> {
    isUnsaved = true;
    if (isSaving) return;
    isSaving = true;
    while (isUnsaved) {
      isUnsaved = false;
      try {
        await store.save(entries);
      } catch {
        // Full, or refused. The next append tries again.
      }
    }
    isSaving = false;
  }

  const whenLoaded = load();
  return {
    whenLoaded,
    entries: () => entries,
    append(...added) {
      entries = [...entries, ...added].slice(-MAX_ENTRIES);
      void save();
    },
    forget() {
      void whenLoaded.then(() => {
        entries = [];
        return save();
      });
    },
  };
}
