import { Worker } from 'node:worker_threads';

/** A server that sends without end, and as fast as it can. A query changes nothing. */
export interface FloodServer {
  /** Events of one character. */
  readonly eventsUrl: string;
  /** Lines of an event stream that mean nothing. */
  readonly linesUrl: string;
  /** Frames of one character. */
  readonly socketUrl: string;
  /** From now on it floods, or holds its readers in silence, as at first. */
  set(isOn: boolean): void;
  close(): Promise<void>;
}

/** Starts it on loopback. */
export async function startFloodServer(): Promise<FloodServer> {
  const worker = new Worker(new URL('flood-worker.ts', import.meta.url));
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  const host = `localhost:${port}`;
  return {
    eventsUrl: `http://${host}/events`,
    linesUrl: `http://${host}/lines`,
    socketUrl: `ws://${host}/socket`,
    set: (isOn) => worker.postMessage(isOn),
    close: async () => {
      await worker.terminate();
    },
  };
}
