import { forceCloseDatabase, IDBFactory } from 'fake-indexeddb';
import 'fake-indexeddb/auto';

export interface FakeIndexedDb {
  /** As long as it is set every opening fails with it. */
  refusal: DOMException | null;
  /** How often a database was opened. */
  readonly openings: number;
  /** Closes what is open as a browser does that clears its data: with an event. */
  forceClose(): void;
  /** Closes it without a word. */
  close(): void;
}

/** Puts an empty IndexedDB in place of the global one. It works in turns of its own: not with fake timers. */
export function installIndexedDb(): FakeIndexedDb {
  const factory = new IDBFactory();
  let opened: IDBDatabase[] = [];
  let openings = 0;
  const fake: FakeIndexedDb = {
    refusal: null,
    get openings() {
      return openings;
    },
    forceClose() {
      for (const database of opened) forceCloseDatabase(database as never);
      opened = [];
    },
    close() {
      for (const database of opened) database.close();
      opened = [];
    },
  };
  const open = factory.open.bind(factory);
  factory.open = (name, version) => {
    if (fake.refusal) throw fake.refusal;
    openings += 1;
    const request = open(name, version);
    request.addEventListener('success', () => opened.push(request.result));
    return request;
  };
  globalThis.indexedDB = factory;
  return fake;
}
