import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { Action } from './action.ts';
import { type Mode, nextMode } from './mode.ts';
import { NONSENSE_KINDS, type NonsenseKind, nonsenseLine, SPLIT_LINE, splitInCharacter } from './nonsense.ts';
import { createPace } from './pace.ts';
import type { Pipeline } from './pipeline.ts';
import { createRecord, type SourceRecord } from './record.ts';
import type { Source, SourceState } from './source.ts';

/** One message. An echo goes to its sender only, so the others see its `n` missing. */
export type SocketMessage = { n: number; running: number; line: string } | { n: number; echo: string };

export interface SocketSourceState extends SourceState {
  /** How many texts were received, echoed or not. */
  received: number;
}

export interface SocketSource extends Source {
  readonly state: SocketSourceState;
  /** All that was told and is kept, sent or not. */
  readonly record: SourceRecord<SocketMessage>;
  /** The last 1000 texts received, oldest first. */
  readonly received: readonly string[];
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Longest text a client may send, in bytes; the server closes with 1009 on more. */
const MAX_RECEIVED_BYTES = 64 * 1024;
const RECEIVED_KEPT = 1000;
/** Messages to a client with this much unsent are dropped, in bytes: a client that stopped reading costs no more. */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024;

/**
 * `WS /socket`: JSON messages numbered from 1 across all connections, one a second.
 *
 * A connection gets what is told while it is open and the source is not silent; there is no replay. The numbers go on
 * meanwhile, so that a reader sees the gap. Nonsense goes out once, outside the record, but for `split-utf8`: that is a
 * message in two frames, cut in a character.
 */
export function createSocketSource(pipeline: Pipeline, { historyLimit }: { historyLimit: number }): SocketSource {
  let mode: Mode = { name: 'normal' };
  const counts = { total: 0, requests: 0, received: 0 };
  let told = 0;
  const record = createRecord<SocketMessage>(historyLimit);
  const received: string[] = [];
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_RECEIVED_BYTES, perMessageDeflate: false });

  const send = (client: WebSocket, text: string): void => {
    if (mode.name !== 'normal' || client.readyState !== WebSocket.OPEN) return;
    if (client.bufferedAmount < MAX_UNSENT_BYTES) client.send(text);
  };
  const next = (line?: string): string => {
    const moment = pipeline.tell(told);
    told = moment.step;
    return JSON.stringify(record.append((n) => ({ n, running: moment.running, line: line ?? moment.line })));
  };
  const tell = (count: number): void => {
    for (let i = 0; i < count; i += 1) {
      const text = next();
      for (const client of server.clients) send(client, text);
    }
  };
  const pace = createPace(1, tell);

  const sendNonsense = (kind: NonsenseKind, lineBytes: number | undefined): void => {
    if (kind !== 'split-utf8') {
      const line = nonsenseLine(kind, lineBytes);
      for (const client of server.clients) send(client, line);
      return;
    }
    const [head, tail] = splitInCharacter(next(SPLIT_LINE));
    for (const client of server.clients) {
      if (client.readyState !== WebSocket.OPEN) continue;
      client.send(head, { binary: false, fin: false });
      client.send(tail, { binary: false, fin: true });
    }
  };
  const drop = (closeCode: number | undefined): void => {
    for (const client of server.clients) {
      if (closeCode === undefined) client.terminate();
      else client.close(closeCode, 'told to stop');
    }
  };
  const act = (action: Action): void => {
    switch (action.action) {
      case 'stop':
        drop(action.closeCode);
        break;
      case 'fail':
        drop(undefined);
        break;
      case 'burst':
        tell(action.count ?? 500);
        break;
      case 'nonsense':
        mode = { name: 'normal' };
        for (const kind of action.kind === undefined ? NONSENSE_KINDS : [action.kind])
          sendNonsense(kind, action.lineBytes);
        break;
      case 'rate':
        pace.set(action.perSecond);
        break;
      case 'restart':
        drop(undefined);
        record.restart();
        break;
      default:
    }
  };
  const receive = (client: WebSocket, data: Buffer, isBinary: boolean): void => {
    if (isBinary) {
      client.close(1003, 'text only');
      return;
    }
    const text = data.toString();
    counts.received += 1;
    received.push(text);
    if (received.length > RECEIVED_KEPT) received.shift();
    send(client, JSON.stringify(record.append((n) => ({ n, echo: text }))));
  };

  return {
    record,
    received,
    get state() {
      return {
        mode: mode.name,
        status: mode.name === 'refusing' ? mode.status : null,
        perSecond: pace.perSecond,
        newest: record.newest,
        connections: { now: server.clients.size, total: counts.total },
        requests: counts.requests,
        received: counts.received,
      };
    },
    upgrade(request, socket, head) {
      counts.requests += 1;
      // A client that goes away in the middle of the handshake is none of the server's business.
      socket.on('error', () => socket.destroy());
      if (mode.name === 'refusing') {
        const headers = { ...mode.headers, Connection: 'close', 'Content-Length': '0' };
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
        socket.end(`HTTP/1.1 ${mode.status} Refused\r\n${lines.join('')}\r\n`);
        return;
      }
      server.handleUpgrade(request, socket, head, (client) => {
        counts.total += 1;
        // A text over the limit or a broken frame: ws closes with the right code by itself.
        client.on('error', () => undefined);
        client.on('message', (data, isBinary) => receive(client, data as Buffer, isBinary));
      });
    },
    control(action) {
      mode = nextMode(mode, action);
      act(action);
    },
    close() {
      pace.end();
      drop(undefined);
      server.close();
    },
  };
}
