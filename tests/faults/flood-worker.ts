/**
 * A server that sends as fast as its readers take it, once it is told to begin, and until it is told to stop. In a thread of its
 * own: the test's own thread has a good source to serve.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort } from 'node:worker_threads';
import { WebSocket, WebSocketServer } from 'ws';

const PIECE_BYTES = 64 * 1024;
/** By path: what is repeated for ever. */
const FLOODS: Readonly<Record<string, string>> = { '/events': 'data:1\n\n', '/lines': 'x\n' };
/** What waits in this process for a socket to take, at most. */
const UNSENT_BYTES = 1024 * 1024;
const FRAMES_AT_ONCE = 2_000;

let isOn = false;
let waiting: (() => void)[] = [];
parentPort?.on('message', (on: boolean) => {
  isOn = on;
  if (!isOn) return;
  for (const begin of waiting) begin();
  waiting = [];
});

function floodResponse(response: ServerResponse, line: string): void {
  const piece = line.repeat(PIECE_BYTES / line.length);
  const write = (): void => {
    if (response.destroyed) return;
    if (!isOn) waiting.push(write);
    else if (response.write(piece)) setImmediate(write);
    else response.once('drain', write);
  };
  write();
}

function floodSocket(client: WebSocket): void {
  const send = (): void => {
    if (client.readyState !== WebSocket.OPEN) return;
    if (!isOn) return void waiting.push(send);
    for (let frame = 0; frame < FRAMES_AT_ONCE && client.bufferedAmount < UNSENT_BYTES; frame += 1) client.send('1');
    setImmediate(send);
  };
  send();
}

const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
const server = createServer((request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.flushHeaders();
  floodResponse(response, FLOODS[new URL(request.url ?? '/', 'http://localhost').pathname] ?? 'data:1\n\n');
});
server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (client) => {
    client.on('error', () => client.terminate());
    floodSocket(client);
  });
});
server.listen(0, 'localhost', () => parentPort?.postMessage((server.address() as AddressInfo).port));
