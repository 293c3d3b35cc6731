import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Action, parseAction, type SourceName } from './action.ts';
import { answerText } from './answer.ts';
import { createEventsSource } from './events-source.ts';
import { createJsonSource } from './json-source.ts';
import { listenOnLoopback } from './listen.ts';
import { createPipeline } from './pipeline.ts';
import { type DemoState, route, type Sources, stateOf } from './route.ts';
import { createSocketSource } from './socket-source.ts';

export interface DemoOptions {
  /** 4100 by default; 0 for any that is free. */
  port?: number;
  /** The same seed tells the same story; 1 by default. */
  seed?: number;
  /** Most events, and most socket messages, kept for replay and record; 100 000 by default. */
  historyLimit?: number;
  /** Time between heartbeat comments of the SSE source in ms; 15 000 by default. */
  heartbeatMs?: number;
  /** Whether other origins may send `If-None-Match` and `Last-Event-ID`; true by default. They may always read the answers. */
  allowsHeaders?: boolean;
}

/** The running sources. The source objects are for looking at; {@link Demo.control} is for changing them. */
export interface Demo extends Readonly<Sources> {
  /** Origin without a slash at the end: `http://localhost:4100`. */
  readonly url: string;
  readonly port: number;
  readonly state: DemoState;
  /**
   * Tells a source what to do, as the buttons of the page do; a name stands for the action with its defaults.
   * @throws {TypeError} when the action is none
   */
  control(source: SourceName, action: Action | Action['action']): void;
  /** Ends every connection; resolves when the port is free. Does nothing the second time. */
  close(): Promise<void>;
}

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/**
 * Starts the demo: one page and three sources that tell one story, a build pipeline, on loopback only.
 * @throws {Error} when another program listens on the port
 */
export async function startDemo(options: DemoOptions = {}): Promise<Demo> {
  const { port: wanted = 4100, seed = 1, historyLimit = 100_000, heartbeatMs = 15_000, allowsHeaders = true } = options;
  const pipeline = createPipeline(seed);
  const sources: Sources = {
    json: createJsonSource(pipeline),
    events: createEventsSource(pipeline, { historyLimit, heartbeatMs }),
    socket: createSocketSource(pipeline, { historyLimit }),
  };
  const closeSources = (): void => Object.values(sources).forEach((source) => source.close());

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    route(request, response, sources, { allowsHeaders }).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else answerText(response, 500, String(error));
    });
  };
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (request.url === '/socket') sources.socket.upgrade(request, socket, head);
    else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  };
  const { servers, port } = await listenOnLoopback({ onRequest, onUpgrade }, wanted).catch((error: unknown) => {
    closeSources();
    throw error;
  });

  return {
    ...sources,
    url: `http://localhost:${port}`,
    port,
    get state() {
      return stateOf(sources);
    },
    control(source, action) {
      const parsed = parseAction(typeof action === 'string' ? { action } : action);
      if (!parsed.ok) throw new TypeError(`Cannot control "${source}": ${parsed.reason}`);
      sources[source].control(parsed.action);
    },
    async close() {
      closeSources();
      await Promise.all(servers.map(closeServer));
    },
  };
}
