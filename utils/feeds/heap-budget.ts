/** What takes memory and can give it back: a log. */
export interface Held {
  /** Bytes, about. */
  readonly heapBytes: number;
  /** Frees so many bytes, or fewer where it has no more to give. */
  shed(bytes: number): void;
}

/** Bounds the memory of all logs together. */
export interface HeapBudget {
  /** From now on it may have to give back. What it has was told before, as everything it takes later is. */
  add(held: Held): void;
  /** It is given up, with all that it has. */
  remove(held: Held): void;
  /** Somebody took so many bytes more, or fewer. */
  take(bytes: number): void;
}

/** Bytes that all logs may take in memory, about. */
export const ALL_LOGS_HEAP_BYTES = 64 * 1024 * 1024;

/** The largest gives back this part of the limit at least: to look for it takes as long as there are logs. */
const PIECE = 1 / 64;

/** Makes a budget of which nothing is used. Where it is passed, the largest gives back its oldest. */
export function createHeapBudget(limitBytes = ALL_LOGS_HEAP_BYTES): HeapBudget {
  const all = new Set<Held>();
  let takenBytes = 0;
  /** {@link Held.shed} tells what it frees. */
  let isShedding = false;

  const keepWithin = (): void => {
    if (isShedding || takenBytes <= limitBytes) return;
    isShedding = true;
    for (const held of [...all].toSorted((a, b) => b.heapBytes - a.heapBytes)) {
      if (takenBytes <= limitBytes) break;
      held.shed(Math.max(takenBytes - limitBytes, limitBytes * PIECE));
    }
    isShedding = false;
  };

  return {
    add(held) {
      all.add(held);
      keepWithin();
    },
    remove(held) {
      if (all.delete(held)) takenBytes -= held.heapBytes;
    },
    take(bytes) {
      takenBytes += bytes;
      keepWithin();
    },
  };
}
