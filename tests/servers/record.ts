/** A bounded history, numbered from 1 without a gap. */
export interface SourceRecord<Item> {
  /** Number of the oldest item kept; 1 while it is empty. */
  readonly oldest: number;
  /** Number of the newest item; 0 while it is empty. */
  readonly newest: number;
  /** Appends what `make` returns for the next number. */
  append(make: (n: number) => Item): Item;
  /** The items after number `n` that are kept, oldest first, at most `max` of them (default all). */
  after(n: number, max?: number): Item[];
  /** Forgets all; the next item has number 1. */
  restart(): void;
}

/**
 * Makes an empty record.
 * @param limit most items kept; the oldest goes first
 */
export function createRecord<Item>(limit: number): SourceRecord<Item> {
  let slots: Item[] = [];
  let newest = 0;
  const oldest = (): number => Math.max(1, newest - limit + 1);
  return {
    get oldest() {
      return oldest();
    },
    get newest() {
      return newest;
    },
    append(make) {
      newest += 1;
      const item = make(newest);
      slots[(newest - 1) % limit] = item;
      return item;
    },
    after(n, max = limit) {
      const items: Item[] = [];
      const first = Math.max(n + 1, oldest());
      for (let at = first; at <= newest && items.length < max; at += 1) items.push(slots[(at - 1) % limit] as Item);
      return items;
    },
    restart() {
      slots = [];
      newest = 0;
    },
  };
}
