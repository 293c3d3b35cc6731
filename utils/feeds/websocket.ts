import type { Json } from '../stream/protocol';
import type { SourceDefinition } from './feed';
import { watchLiveness } from './liveness';
import { ended, keepTrying } from './retry';
import type { Ending } from './retry';
import { ANSWER_LIMIT_MS, because, MAX_MESSAGE_LENGTH } from './source';
import type { OpenOptions, SendResult, Sink } from './source';

type WebSocketDefinition = Extract<SourceDefinition, { type: 'websocket' }>;

/** Bytes that may wait in the browser to be sent; beyond it a text is refused. */
export const MAX_WAITING_BYTES = 1024 * 1024;

/** `WebSocket.OPEN`, which a fake need not have. */
const OPEN = 1;

/**
 * Streams the text frames of a WebSocket. Each time it opens, `onConnect` is sent first, in order.
 * @returns `send`, which takes a text while the connection is open
 */
export function openWebSocket(
  { address, onConnect, format, silentAfterMs }: WebSocketDefinition,
  sink: Sink,
  options: OpenOptions,
): { send: (text: string) => SendResult } {
  const { deps, signal } = options;
  let open: WebSocket | null = null;

  const take = (data: unknown): void => {
    if (typeof data !== 'string') return sink.onBad('bad-data', 'a binary frame');
    if (data.length > MAX_MESSAGE_LENGTH) return sink.onBad('too-large', 'a frame of more than 1 MiB');
    if (format === 'text') return sink.onData(data);
    let parsed: Json;
    try {
      parsed = JSON.parse(data) as Json;
    } catch {
      return sink.onBad('bad-data', 'not JSON');
    }
    sink.onData(parsed);
  };

  const attempt = (last: Ending | null): Promise<Ending> => {
    const { promise, resolve } = Promise.withResolvers<Ending>();
    let socket: WebSocket;
    try {
      socket = new deps.WebSocket(address);
    } catch {
      // SecurityError or SyntaxError: the browser refuses the address itself.
      return Promise.resolve(ended('blocked', because('network', 'the browser refuses this address')));
    }
    // Blobs would have to be released.
    socket.binaryType = 'arraybuffer';
    const listening = new AbortController();
    const listen = { signal: listening.signal };
    const liveness = watchLiveness(sink, options, { silentAfterMs, last, onSilent: () => finish(because('silent')) });
    const callOff = deps.after(ANSWER_LIMIT_MS, () => finish(because('timeout')));

    /** Does not wait for the closing handshake: a dead peer lets it hang for a minute. */
    function finish(reason: Ending['reason']): void {
      if (listening.signal.aborted) return;
      listening.abort();
      callOff();
      open = null;
      socket.close();
      resolve(liveness.end('retry', reason));
    }

    signal.addEventListener('abort', () => finish(because('closed')), listen);
    socket.addEventListener(
      'open',
      () => {
        callOff();
        open = socket;
        for (const text of onConnect) socket.send(text);
        liveness.opened();
      },
      listen,
    );
    socket.addEventListener(
      'message',
      ({ data }) => {
        liveness.alive();
        take(data);
        sink.onLife();
      },
      listen,
    );
    socket.addEventListener(
      'close',
      ({ code }) => finish(liveness.isOpen ? because('closed', code) : because('network')),
      listen,
    );
    return promise;
  };

  void keepTrying(attempt, sink, options);

  return {
    send(text) {
      if (open?.readyState !== OPEN) return { ok: false, reason: 'not-open' };
      if (open.bufferedAmount > MAX_WAITING_BYTES) return { ok: false, reason: 'too-much-waiting' };
      open.send(text);
      return { ok: true };
    },
  };
}
