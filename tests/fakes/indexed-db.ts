import { forceCloseDatabase, IDBFactory, IDBOpenDBRequest } from 'fake-indexeddb';
import 'fake-indexeddb/auto';

export interface FakeIndexedDb {
  /** Whether an opening works, throws at once, fails later as a request does, or is never answered. */
  opening: 'works' | 'throws' | 'fails' | 'hangs';
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
    opening: 'works',
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
    if (fake.opening === 'throws') throw new DOMException('refused', 'SecurityError');
    if (fake.opening === 'fails') {
      open('refused', 2);
      return open('refused', 1);
    }
    if (fake.opening === 'hangs') return new IDBOpenDBRequest();
    openings += 1;
    const request = open(name, version);
    request.addEventListener('success', () => opened.push(request.result));
    return request;
  };
  globalThis.indexedDB = factory;
  return fake;
}
