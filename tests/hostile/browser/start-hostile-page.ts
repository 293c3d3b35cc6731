/** Tidings with values worth stealing, and a page that wants them. */
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import type { Settings } from '../../../utils/settings/settings.ts';
import type { BrowserName, TestPage } from '../../browser/driver/test-browser.ts';
import { startTidings, type Tidings, waitForRow } from '../../browser/tidings.ts';
import { type HostileServer, startHostileServer } from './hostile-server.ts';

/** What a page that can read a value would have. The number is shown with or without a separator. */
export const SECRETS = /zanzibar|xanadu|furlong|7[.,\s]?351/i;

/** What the source tells. An event more is a line more in the panel, and its height is no secret: `line` stays. */
export interface Told {
  text: string;
  number: number;
  line: string;
}

export interface HostilePage {
  tidings: Tidings;
  /** The page's own server. */
  server: HostileServer;
  /** Tells something new. */
  tell(next: Partial<Told>): void;
  readonly told: Told;
  /** Connections to the source that are open. */
  watched(): number;
  /** Opens the page, or another of the server's, and waits until the panel shows a value. */
  open(path?: string): Promise<TestPage>;
  close(): Promise<void>;
}

const FILES = [
  'page.html',
  'page.css',
  'watch.js',
  'attempts.js',
  'inside.js',
  'override.html',
  'override.js',
  'names.html',
];
const TYPES: Record<string, string> = { html: 'text/html', js: 'text/javascript', css: 'text/css' };

const fileRoute = (name: string): Parameters<typeof startHostileServer>[0] => ({
  [name === 'page.html' ? '/' : `/${name}`]: (_, response) => {
    response.writeHead(200, { 'Content-Type': `${TYPES[name.split('.')[1] ?? '']}; charset=utf-8` });
    response.end(readFileSync(new URL(name, import.meta.url)));
  },
});

export async function startHostilePage(name: BrowserName): Promise<HostilePage> {
  const told: Told = { text: 'zanzibar', number: 7351, line: 'zanzibar line' };
  const readers = new Set<ServerResponse>();
  const write = (reader: ServerResponse, what: Partial<Told>): void =>
    void reader.write(`data: ${JSON.stringify(what)}\n\n`);
  // No CORS header: the page itself cannot ask.
  const source = await startHostileServer({
    '/values': (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      readers.add(response);
      response.once('close', () => readers.delete(response));
      write(response, told);
    },
  });
  const server = await startHostileServer(Object.assign({}, ...FILES.map(fileRoute)) as ReturnType<typeof fileRoute>);
  const tidings = await startTidings(name, { build: 'development' });
  const feed = (id: string, label: string, path: string, kind: 'state' | 'event'): Settings['feeds'][number] => ({
    id,
    name: label,
    kind,
    source: {
      type: 'sse',
      address: `${source.url}/values`,
      event: null,
      consecutiveIds: false,
      silentAfterMs: 600_000,
    },
    path,
    unit: 'furlong',
    paceMs: 1_000,
  });
  await tidings.configure({
    version: 1,
    feeds: [
      feed('text', 'Xanadu text', '$.text', 'state'),
      feed('number', 'Xanadu number', '$.number', 'state'),
      feed('log', 'Xanadu log', '$.line', 'event'),
    ],
    sites: [{ id: 'all', patterns: ['http://localhost/*'], feeds: null }],
  });

  return {
    tidings,
    server,
    told,
    tell(next) {
      Object.assign(told, next);
      for (const reader of readers) write(reader, next);
    },
    watched: () => readers.size,
    async open(path = '/') {
      const page = await tidings.browser.open(`${server.url}${path}`);
      await waitForRow(page, 'Xanadu number', ({ state }) => state === 'live');
      return page;
    },
    async close() {
      await tidings.close();
      await source.close();
      await server.close();
    },
  };
}
