import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const PIECE = `${'x'.repeat(64 * 1024 - 1)}y`;
const EVERY_MS = 5;

/** A server whose answers never end. */
export interface EndlessServer {
  /** JSON that never closes its text. */
  readonly jsonUrl: string;
  /** An event stream whose first line never ends. */
  readonly eventsUrl: string;
  /** Most bytes that any answer has sent, and how many are open. */
  readonly answers: { longestBytes: number; open: number; total: number };
  close(): void;
}

/** Starts it on loopback: 13 MB a second for each request, until the reader has enough. */
export async function startEndlessServer(): Promise<EndlessServer> {
  const answers = { longestBytes: 0, open: 0, total: 0 };
  const flood = (response: ServerResponse): void => {
    let bytes = 0;
    answers.open += 1;
    answers.total += 1;
    const timer = setInterval(() => {
      bytes += PIECE.length;
      answers.longestBytes = Math.max(answers.longestBytes, bytes);
      response.write(PIECE);
    }, EVERY_MS);
    response.once('close', () => {
      clearInterval(timer);
      answers.open -= 1;
    });
  };
  const server = createServer((request, response) => {
    const isStream = request.url === '/events';
    response.writeHead(200, {
      'Access-Control-Allow-Origin': '*',
      'Content-Type': isStream ? 'text/event-stream' : 'application/json',
    });
    response.write(isStream ? 'data: ' : '{"text":"');
    flood(response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    jsonUrl: `${origin}/json`,
    eventsUrl: `${origin}/events`,
    answers,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
