import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const PIECE = `${'x'.repeat(64 * 1024 - 1)}y`;
const EVERY_MS = 5;
/** A `302` to each: no reader of a source may follow one there. */
const ELSEWHERE = { ftp: 'ftp://localhost/', data: 'data:application/json,{}', about: 'about:blank' } as const;

/** Answers of one address. */
export interface EndlessAnswers {
  /** Most bytes that the reader took of any answer, with what the system holds between. */
  longestBytes: number;
  /** How many were begun, and how many of them the reader ended. */
  total: number;
  ended: number;
}

/** A server whose answers never end. */
export interface EndlessServer {
  /** JSON that never closes its text. A query changes nothing. */
  readonly jsonUrl: string;
  readonly json: EndlessAnswers;
  /** An event stream whose first line never ends. A query changes nothing. */
  readonly eventsUrl: string;
  readonly events: EndlessAnswers;
  /** Addresses that redirect to another scheme. A query changes nothing. */
  readonly redirectUrls: Readonly<Record<keyof typeof ELSEWHERE, string>>;
  /** How many requests each path with its query had. */
  readonly requests: ReadonlyMap<string, number>;
  close(): void;
}

const noAnswers = (): EndlessAnswers => ({ longestBytes: 0, total: 0, ended: 0 });

/** Starts it on loopback: 13 MB a second for each request, as long as the reader takes it. */
export async function startEndlessServer(): Promise<EndlessServer> {
  const json = noAnswers();
  const events = noAnswers();
  const requests = new Map<string, number>();
  const flood = (response: ServerResponse, answers: EndlessAnswers): void => {
    let bytes = 0;
    answers.total += 1;
    const timer = setInterval(() => {
      // What waits in here was not taken.
      if (response.writableNeedDrain) return;
      bytes += PIECE.length;
      answers.longestBytes = Math.max(answers.longestBytes, bytes);
      response.write(PIECE);
    }, EVERY_MS);
    response.once('close', () => {
      clearInterval(timer);
      answers.ended += 1;
    });
  };
  const server = createServer((request, response) => {
    const url = request.url ?? '/';
    requests.set(url, (requests.get(url) ?? 0) + 1);
    const { pathname } = new URL(url, 'http://localhost');
    const location = Object.entries(ELSEWHERE).find(([name]) => pathname === `/${name}`)?.[1];
    if (location !== undefined) {
      response.writeHead(302, { 'Access-Control-Allow-Origin': '*', Location: location }).end();
      return;
    }
    const isStream = pathname === '/events';
    response.writeHead(200, {
      'Access-Control-Allow-Origin': '*',
      'Content-Type': isStream ? 'text/event-stream' : 'application/json',
    });
    response.write(isStream ? 'data: ' : '{"text":"');
    flood(response, isStream ? events : json);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, 'localhost', resolve);
  });
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  return {
    jsonUrl: `${origin}/json`,
    json,
    eventsUrl: `${origin}/events`,
    events,
    redirectUrls: { ftp: `${origin}/ftp`, data: `${origin}/data`, about: `${origin}/about` },
    requests,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
