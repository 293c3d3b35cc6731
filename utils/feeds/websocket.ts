import type { Json } from '../stream/protocol';
import { createBudget } from './budget';
import type { SourceDefinition } from './feed';
import { createFrameQueue } from './frame-queue';
import { watchLiveness } from './liveness';
import { ended, keepTrying } from './retry';
import type { Ending } from './retry';
import { ANSWER_LIMIT_MS, because, MAX_MESSAGE_LENGTH } from './source';
import type { OpenOptions, SendResult, Sink } from './source';
import { createTurns, OVERRUN } from './turns';

type WebSocketDefinition = Extract<SourceDefinition, { type: 'websocket' }>;

/** Bytes that may wait in the browser to be sent; beyond it a text is refused. */
export const MAX_WAITING_BYTES = 1024 * 1024;

/** `WebSocket.OPEN`, which a fake need not have. */
const OPEN = 1;

/** Characters of a text, bytes of anything else. */
const lengthOf = (data: unknown): number =>
  typeof data === 'string' ? data.length : data instanceof ArrayBuffer ? data.byteLength : 0;

/**
 * Streams the text frames of a WebSocket, with host access only. Each time it opens, `onConnect` is sent first, in order.
 * @returns `send`, which takes a text while the connection is open
 */
export function openWebSocket(
  { address, onConnect, format, silentAfterMs }: WebSocketDefinition,
  sink: Sink,
  options: OpenOptions,
): { send: (text: string) => SendResult } {
  const { deps, signal } = options;
  const budget = createBudget(deps.uptime);
  const turns = createTurns(deps);
  let open: WebSocket | null = null;

  const take = (data: unknown): void => {
    if (typeof data === 'string') takeText(data);
    else sink.onBad('bad-data', 'a binary frame');
    sink.onLife();
  };

  const takeText = (text: string): void => {
    if (format === 'text') return sink.onData(text);
    let parsed: Json;
    try {
      parsed = JSON.parse(text) as Json;
    } catch {
      return sink.onBad('bad-data', 'not JSON');
    }
    sink.onData(parsed);
  };

  const hasAccess = async (): Promise<boolean> => {
    try {
      return await deps.hasAccess(address.replace(/^ws/, 'http'));
    } catch {
      return false;
    }
  };

  const connect = (socket: WebSocket, last: Ending | null): Promise<Ending> => {
    const { promise, resolve } = Promise.withResolvers<Ending>();
    // Blobs would have to be released.
    socket.binaryType = 'arraybuffer';
    const listening = new AbortController();
    const listen = { signal: listening.signal };
    const liveness = watchLiveness(sink, options, { silentAfterMs, last, onSilent: () => finish(because('silent')) });
    const callOff = deps.after(ANSWER_LIMIT_MS, () => finish(because('timeout')));
    const queue = createFrameQueue(take, { deps, turns });

    /** Does not wait for the closing handshake: a dead peer lets it hang for a minute. */
    function finish(reason: Ending['reason'], kind: Ending['kind'] = 'retry'): void {
      if (listening.signal.aborted) return;
      listening.abort();
      callOff();
      open = null;
      socket.close();
      // What the server sent before it closed; of a flood, or after our own end, nothing.
      if (reason.code === 'closed' && !signal.aborted) queue.flush();
      else queue.end();
      const ending = liveness.end(kind, reason);
      // Never good, however long it took: its backoff grows.
      resolve(reason.code === 'too-much' ? { ...ending, goodMs: 0 } : ending);
    }

    const receive = (data: unknown): void => {
      const length = lengthOf(data);
      // The browser has had all of it in memory, and inflated: a minute's pause bounds how often.
      if (length > MAX_MESSAGE_LENGTH) return finish(because('too-large', 'a frame of more than 1 MiB'), 'blocked');
      liveness.alive();
      const isTaken = queue.push(data, length);
      const usedUp = budget.spend({ bytes: length, events: 1 }) ?? (isTaken && !turns.isOverrun ? null : OVERRUN);
      // Nothing slows a sender of frames down but to close, and what is under way by then the browser hands over all the same:
      // each opening costs seconds of the background, so the next comes after a minute.
      if (usedUp !== null) finish(because('too-much', usedUp), 'blocked');
    };

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
    socket.addEventListener('message', ({ data }) => receive(data), listen);
    socket.addEventListener(
      'close',
      ({ code }) => finish(liveness.isOpen ? because('closed', code) : because('network')),
      listen,
    );
    return promise;
  };

  const attempt = async (last: Ending | null): Promise<Ending> => {
    // A socket carries the person's cookies for its host, and in Firefox the extension's own address: browsers have no way to
    // open one without. So it takes the person's word for that host, where `fetch` takes none.
    if (!(await hasAccess())) return ended('blocked', because('needs-access-socket', new URL(address).host));
    if (signal.aborted) return ended('retry', because('closed'));
    let socket: WebSocket;
    try {
      socket = new deps.WebSocket(address);
    } catch {
      // SecurityError or SyntaxError: the browser refuses the address itself.
      return ended('blocked', because('network', 'the browser refuses this address'));
    }
    return connect(socket, last);
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
