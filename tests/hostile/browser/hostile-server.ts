/** Servers that mean harm: on loopback, each path as the test says, all requests written down. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { listenOnLoopback } from '../../servers/listen.ts';

type Route = (request: IncomingMessage, response: ServerResponse) => void;

export interface HostileServer {
  /** Origin without a slash at the end: `http://localhost:40123`. */
  readonly url: string;
  readonly port: number;
  /** Paths that were asked for, with their query, in order. */
  readonly requests: string[];
  /** Requests with their headers, likewise. */
  readonly seen: IncomingMessage[];
  close(): Promise<void>;
}

/** Starts one. What no route answers gets 404, without a CORS header. */
export async function startHostileServer(
  routes: Readonly<Record<string, Route>>,
  onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void = (_, socket) => void socket.destroy(),
): Promise<HostileServer> {
  const requests: string[] = [];
  const seen: IncomingMessage[] = [];
  const onRequest: Route = (request, response) => {
    const { url = '' } = request;
    requests.push(url);
    seen.push(request);
    const route = routes[new URL(url, 'http://localhost').pathname];
    if (route) route(request, response);
    else response.writeHead(404).end();
  };
  const { servers, port } = await listenOnLoopback({ onRequest, onUpgrade }, 0);
  return {
    url: `http://localhost:${port}`,
    port,
    requests,
    seen,
    async close() {
      await Promise.all(
        servers.map(
          (server) =>
            new Promise<void>((resolve) => {
              server.close(() => resolve());
              server.closeAllConnections();
            }),
        ),
      );
    },
  };
}
