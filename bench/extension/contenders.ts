/** The ways without Tidings, a few lines each. They hear the same kind of socket and parse what it says, as Tidings does. */
import { browser } from 'wxt/browser';
import type { AcceptedPort } from '../../utils/stream/port';
import { InProcessSocket } from './in-process-socket';
import { type PlainUpdate, type Question, READY, type Value } from './messages';

/** Where the sources of the contenders are told their messages. */
export const RAW_ADDRESS = 'ws://localhost/raw';
export const PUT_ADDRESS = 'ws://localhost/put';
export const POLLING_ADDRESS = 'ws://localhost/polling';

/** Interval of each port of {@link serveInterval} in ms: the default of a stream. */
const INTERVAL_MS = 100;

function listen(address: string, take: (update: PlainUpdate) => void): InProcessSocket {
  const socket = new InProcessSocket(address);
  let seq = 0;
  socket.addEventListener('message', ({ data }) => {
    const value = JSON.parse(data) as Value;
    seq += 1;
    take({ seq, at: Date.now(), value });
  });
  return socket;
}

/** Raw port: one `postMessage` for each update. */
export function serveRaw(port: AcceptedPort): void {
  const socket = listen(RAW_ADDRESS, (update) => port.postMessage(update));
  port.postMessage(READY);
  port.onDisconnect.addListener(() => socket.close());
}

const STORE = 'updates';

const openStore = (): Promise<IDBDatabase> => {
  const { promise, resolve, reject } = Promise.withResolvers<IDBDatabase>();
  const request = indexedDB.open('put', 1);
  request.addEventListener('upgradeneeded', () => request.result.createObjectStore(STORE));
  request.addEventListener('success', () => resolve(request.result));
  request.addEventListener('error', () => reject(request.error ?? new Error('Cannot open the database')));
  return promise;
};

/** Raw port: one `postMessage` for each update, once IndexedDB has it. The least that a promise to keep what was seen costs. */
export async function servePut(port: AcceptedPort): Promise<void> {
  const database = await openStore();
  const socket = listen(PUT_ADDRESS, (update) => {
    const transaction = database.transaction(STORE, 'readwrite', { durability: 'relaxed' });
    transaction.objectStore(STORE).put(JSON.stringify(update), update.seq);
    transaction.commit();
    transaction.addEventListener('complete', () => port.postMessage(update));
  });
  port.postMessage(READY);
  port.onDisconnect.addListener(() => {
    socket.close();
    database.close();
  });
}

/** Raw port with an interval of its own, which posts the newest update if there is one. */
export function serveInterval(port: AcceptedPort): void {
  let newest: PlainUpdate | null = null;
  const socket = listen(RAW_ADDRESS, (update) => {
    newest = update;
  });
  port.postMessage(READY);
  const timer = setInterval(() => {
    if (newest !== null) port.postMessage(newest);
    newest = null;
  }, INTERVAL_MS);
  port.onDisconnect.addListener(() => {
    clearInterval(timer);
    socket.close();
  });
}

/** {@link serveInterval} with one source and one parsing for all ports: no more than the ports themselves. */
export function createPlain(): (port: AcceptedPort) => void {
  let newest: PlainUpdate | null = null;
  let socket: InProcessSocket | null = null;
  return (port) => {
    // Not before: what else is measured at that address must not be heard twice.
    socket ??= listen(RAW_ADDRESS, (update) => {
      newest = update;
    });
    port.postMessage(READY);
    let posted: PlainUpdate | null = null;
    const timer = setInterval(() => {
      if (newest !== null && newest !== posted) port.postMessage(newest);
      posted = newest;
    }, INTERVAL_MS);
    port.onDisconnect.addListener(() => clearInterval(timer));
  };
}

/** Polling by `sendMessage`: an answer is what has come since. */
export function servePolling(): void {
  const updates: PlainUpdate[] = [];
  listen(POLLING_ADDRESS, (update) => updates.push(update));
  browser.runtime.onMessage.addListener((message, _sender, answer: (updates: PlainUpdate[]) => void) => {
    answer(updates.slice((message as Question).after));
    return true;
  });
}
