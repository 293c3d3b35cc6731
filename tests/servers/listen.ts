import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** Asked for port 0, the port that one family gives can be taken in the other; then another is tried. */
const ATTEMPTS = 20;

export interface LoopbackListeners {
  onRequest: RequestListener;
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

const open = (server: Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => {
      server.off('error', reject);
      resolve();
    });
  });

/**
 * Listens on both loopback addresses, as browsers try `::1` and 127.0.0.1 for `localhost`; on 127.0.0.1 alone where
 * there is no IPv6.
 * @param port 0 for any that is free
 * @throws {Error} when something else listens on the port
 */
export async function listenOnLoopback(
  { onRequest, onUpgrade }: LoopbackListeners,
  port: number,
): Promise<{ servers: Server[]; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const v4 = createServer(onRequest).on('upgrade', onUpgrade);
    const v6 = createServer(onRequest).on('upgrade', onUpgrade);
    try {
      await open(v4, port, '127.0.0.1');
      const taken = (v4.address() as AddressInfo).port;
      try {
        await open(v6, taken, '::1');
      } catch (error) {
        if (codeOf(error) === 'EADDRINUSE') throw error;
        return { servers: [v4], port: taken };
      }
      return { servers: [v4, v6], port: taken };
    } catch (error) {
      v4.close();
      if (codeOf(error) === 'EADDRINUSE' && port === 0 && attempt < ATTEMPTS) continue;
      const why = codeOf(error) === 'EADDRINUSE' ? 'another program uses it' : String(error);
      throw new Error(`Cannot listen on port "${port}": ${why}`, { cause: error });
    }
  }
}
