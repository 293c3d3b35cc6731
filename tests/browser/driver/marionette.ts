import { connect, type Socket } from 'node:net';

/**
 * Firefox's own remote protocol: `<length>:<JSON>` over TCP, one answer per command, in order.
 * @see https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
 */
export interface Marionette {
  /** @throws {Error} with Firefox's words when it refuses */
  send(command: string, parameters?: object): Promise<unknown>;
  /** Runs `job` while no other job talks: what it sets up (window, context) holds until it ends. Do not nest. */
  exclusively<Result>(job: () => Promise<Result>): Promise<Result>;
  end(): void;
}

interface RemoteError {
  error: string;
  message: string;
}

type Answer = [kind: 1, id: number, error: RemoteError | null, result: unknown];

/** Connects to the Marionette server on this port of the loopback. */
export async function connectMarionette(port: number): Promise<Marionette> {
  const socket = await open(port);
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  let rest = Buffer.alloc(0);
  let jobs: Promise<unknown> = Promise.resolve();

  const take = (text: string): void => {
    const answer = JSON.parse(text) as unknown;
    // The first packet is a greeting, not an answer.
    if (!Array.isArray(answer)) return;
    const [, id, error, result] = answer as Answer;
    const waiter = waiting.get(id);
    waiting.delete(id);
    if (error) waiter?.reject(new Error(`${error.error}: ${error.message}`));
    else waiter?.resolve(result);
  };

  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const colon = rest.indexOf(0x3a);
      if (colon < 0) return;
      const end = colon + 1 + Number(rest.subarray(0, colon).toString());
      if (rest.length < end) return;
      take(rest.subarray(colon + 1, end).toString());
      rest = rest.subarray(end);
    }
  });
  socket.on('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('Cannot drive Firefox: its connection closed'));
    waiting.clear();
  });
  socket.on('error', () => undefined);

  return {
    send(command, parameters = {}) {
      if (socket.destroyed) return Promise.reject(new Error('Cannot drive Firefox: its connection is closed'));
      lastId += 1;
      const id = lastId;
      const packet = JSON.stringify([0, id, command, parameters]);
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        socket.write(`${Buffer.byteLength(packet)}:${packet}`);
      });
    },
    exclusively(job) {
      const result = jobs.then(job);
      jobs = result.catch(() => undefined);
      return result;
    },
    end: () => void socket.destroy(),
  };
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
