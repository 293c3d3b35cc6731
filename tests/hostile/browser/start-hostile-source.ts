/** Tidings with feeds whose sources mean harm, one kind of harm each, and one good feed beside them. */
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { WebSocketServer } from 'ws';
import type { Feed } from '../../../utils/feeds/feed.ts';
import type { BrowserName, TestPage } from '../../browser/driver/test-browser.ts';
import { startTidings, type Tidings } from '../../browser/tidings.ts';
import { type HostileServer, startHostileServer } from './hostile-server.ts';

/** A host that the extension may reach, and that these browsers look for on this machine. */
const PUBLIC_HOST = 'public.example.com';
const MIB = 1024 * 1024;
const CORS = { 'Access-Control-Allow-Origin': '*' };

export const MARKUP = '<img src="/leak?markup" onerror="alert(1)"><script>alert(1)</script><b>bold</b>';
export const SCRIPT_ADDRESS = ['javascript', 'alert(1)'].join(':');

const REDIRECTS: Record<string, (server: { port: number }, extension: string) => string> = {
  file: () => 'file:///etc/hosts',
  data: () => 'data:application/json,%7B%22value%22%3A%22stolen%22%7D',
  blob: () => 'blob:null/0',
  script: () => SCRIPT_ADDRESS,
  extension: (_, extension) => `${extension}/manifest.json`,
  'another scheme': () => 'ftp://localhost/value.json',
  'a public host': ({ port }) => `http://${PUBLIC_HOST}:${port}/stolen.json`,
  'a host not granted': ({ port }) => `http://127.0.0.1:${port}/stolen-without-cors.json`,
  itself: () => '/redirect?to=itself',
};

export const REDIRECT_NAMES = Object.keys(REDIRECTS);

const json = (response: ServerResponse, body: string, headers: Record<string, string | string[]> = {}): void => {
  response.writeHead(200, { 'Content-Type': 'application/json', ...headers }).end(body);
};
const events = (response: ServerResponse, headers: Record<string, string> = {}): void => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', ...headers });
};

/** Writes until nobody takes it any more. */
function writeForEver(response: ServerResponse, piece: string, count: (bytes: number) => void): void {
  const write = (): void => {
    while (!response.destroyed && response.write(piece)) count(piece.length);
  };
  response.on('drain', write);
  write();
}

export interface HostileSource {
  tidings: Tidings;
  server: HostileServer;
  /** Bytes that were written to who asked for the endless answer, and how many of them hang on. */
  endless: { bytes: number; readers: number };
  /** A page with the panel; the demo's own. */
  page: TestPage;
  close(): Promise<void>;
}

export async function startHostileSource(name: BrowserName): Promise<HostileSource> {
  const endless = { bytes: 0, readers: 0 };
  const bomb = gzipSync(Buffer.alloc(64 * MIB, ' '));
  let origin = '';
  let port = 0;
  const sockets = new WebSocketServer({ noServer: true });
  const server = await startHostileServer(
    {
      '/good': (_, response) => {
        events(response);
        const timer = setInterval(() => response.write(`data: ${JSON.stringify(Date.now())}\n\n`), 200);
        response.once('close', () => clearInterval(timer));
      },
      '/markup.json': (_, response) => json(response, JSON.stringify({ value: MARKUP, script: SCRIPT_ADDRESS })),
      '/redirect': ({ url = '' }, response) => {
        const to = new URL(url, 'http://localhost').searchParams.get('to') ?? '';
        response.writeHead(302, { Location: REDIRECTS[to]?.({ port }, origin) ?? '/', ...CORS }).end();
      },
      '/stolen.json': (_, response) => json(response, '{"value":"stolen"}', CORS),
      '/stolen-without-cors.json': (_, response) => json(response, '{"value":"stolen"}'),
      '/endless.json': (_, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        endless.readers += 1;
        response.once('close', () => (endless.readers -= 1));
        writeForEver(response, ' '.repeat(64 * 1024), (bytes) => (endless.bytes += bytes));
      },
      '/bomb.json': (_, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }).end(bomb);
      },
      '/deep.json': (_, response) => json(response, `${'['.repeat(500_000)}${']'.repeat(500_000)}`),
      '/prototype.json': (_, response) => json(response, '{"__proto__":{"value":"stolen"}}'),
      '/type': (_, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('data: 1\n\n'),
      '/headers.json': (_, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json', 'X-Large': 'x'.repeat(600 * 1024) }).end('1');
      },
      '/retry': (_, response) => {
        events(response);
        response.end(`retry: ${'9'.repeat(30)}\ndata: 1\n\n`);
      },
      '/later.json': (_, response) => response.writeHead(503, { 'Retry-After': '9'.repeat(12) }).end(),
      '/sooner.json': (_, response) => response.writeHead(503, { 'Retry-After': '-1' }).end(),
      '/side-effects.json': (_, response) =>
        json(response, '{"value":"fine"}', {
          'Set-Cookie': ['a=1; Path=/', 'b=2; Path=/; SameSite=None'],
          Refresh: '0; url=/leak?refresh',
          Link: '</leak?link>; rel=preload; as=fetch, </leak?prefetch>; rel=prefetch',
          'Content-Location': '/leak?location',
          'Content-Disposition': 'attachment; filename="x.json"',
          'Service-Worker-Allowed': '/',
        }),
      '/line': (_, response) => {
        events(response);
        response.write(`data: ${'x'.repeat(10 * MIB)}\n\ndata: after\n\n`);
      },
      '/bytes': (_, response) => {
        events(response);
        response.write(Buffer.from([0xef, 0xbb, 0xbf, 0xff, 0xc3, 0x0a, 0x0a]));
        response.write('\0\0: \n\nid: \0\ndata: {"value":"\ud800"\n\ndata: after\n\n');
      },
    },
    (request, socket, head) =>
      sockets.handleUpgrade(request, socket, head, (client) => {
        if (request.url === '/giant') client.send(`"${'x'.repeat(10 * MIB)}"`);
        client.send(Buffer.alloc(1_000));
        client.send('{"value":');
        client.send('"after"');
      }),
  );
  ({ port } = server);

  const tidings = await startTidings(name, {
    build: 'development',
    args: name === 'chromium' ? [`--host-resolver-rules=MAP ${PUBLIC_HOST} 127.0.0.1`] : [],
    prefs: { 'network.dns.localDomains': PUBLIC_HOST },
  });
  ({ origin } = tidings.browser.extension);

  const feeds: Feed[] = [];
  const add = (label: string, source: Feed['source'], path = '$', kind: Feed['kind'] = 'state'): void => {
    feeds.push({ id: `feed-${feeds.length}`, name: label, kind, source, path, unit: '', paceMs: 1_000 });
  };
  const poll = (path: string): Feed['source'] => ({ type: 'poll', address: `${server.url}${path}` });
  const sse = (path: string): Feed['source'] => ({
    type: 'sse',
    address: `${server.url}${path}`,
    event: null,
    consecutiveIds: false,
    silentAfterMs: 600_000,
  });
  add('Good', sse('/good'));
  add('Markup', poll('/markup.json'), '$.value');
  add('Script', poll('/markup.json'), '$.script');
  for (const to of REDIRECT_NAMES) add(`To ${to}`, poll(`/redirect?to=${encodeURIComponent(to)}`), '$.value');
  add('Endless', poll('/endless.json'));
  add('Bomb', poll('/bomb.json'));
  add('Deep', poll('/deep.json'), '$', 'state');
  add('Deep events', poll('/deep.json?events'), '$', 'event');
  add('Prototype', poll('/prototype.json'), '$.value');
  add('Type', sse('/type'));
  add('Headers', poll('/headers.json'));
  add('Retry', sse('/retry'));
  add('Later', poll('/later.json'));
  add('Sooner', poll('/sooner.json'));
  add('Side effects', poll('/side-effects.json'), '$.value');
  add('Line', sse('/line'));
  add('Bytes', sse('/bytes'));
  const socket = (path: string): Feed['source'] => ({
    type: 'websocket',
    address: `${server.url.replace('http', 'ws')}${path}`,
    onConnect: [],
    format: 'json',
    silentAfterMs: null,
  });
  add('Frames', socket('/frames'));
  add('Giant', socket('/giant'));
  await tidings.configure({ version: 1, feeds, sites: [{ id: 'all', patterns: ['http://localhost/*'], feeds: null }] });

  return {
    tidings,
    server,
    endless,
    page: await tidings.open(),
    async close() {
      await tidings.close();
      sockets.close();
      await server.close();
    },
  };
}
