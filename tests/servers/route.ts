import type { IncomingMessage, ServerResponse } from 'node:http';
import { SOURCE_NAMES, type SourceName } from './action.ts';
import { answerJson, answerPreflight, answerText } from './answer.ts';
import { answerControl } from './control-route.ts';
import type { EventsSource } from './events-source.ts';
import type { JsonSource } from './json-source.ts';
import { answerPage, isPagePath } from './pages.ts';
import type { SocketSource } from './socket-source.ts';

export interface Sources {
  json: JsonSource;
  events: EventsSource;
  socket: SocketSource;
}

/** What `GET /state` answers. */
export interface DemoState {
  json: JsonSource['state'];
  events: EventsSource['state'];
  socket: SocketSource['state'];
}

export const stateOf = ({ json, events, socket }: Sources): DemoState => ({
  json: json.state,
  events: events.state,
  socket: socket.state,
});

const isSourceName = (name: string): name is SourceName => SOURCE_NAMES.some((one) => one === name);

function answerRecord(response: ServerResponse, { record }: EventsSource | SocketSource, from: string | null): void {
  const first = Number(from ?? '1');
  if (!Number.isSafeInteger(first) || first < 1) {
    answerText(response, 400, `Cannot read the record from "${from}": it is not a whole number from 1`);
    return;
  }
  const events = record.after(first - 1).map((item) => ({ id: String(item.n), ...item }));
  answerJson(response, 200, { oldest: record.oldest, newest: record.newest, events });
}

/** Answers one HTTP request. Rejects when a page's file cannot be read or the address is not one. */
export async function route(
  request: IncomingMessage,
  response: ServerResponse,
  sources: Sources,
  { allowsHeaders }: { allowsHeaders: boolean },
): Promise<void> {
  const { pathname, searchParams } = new URL(`http://localhost${request.url}`);
  const method = request.method ?? 'GET';
  const [, source = ''] = /^\/control\/(\w+)$/.exec(pathname) ?? [];

  if (isSourceName(source)) {
    if (method === 'POST') return answerControl(request, response, sources[source]);
    return answerText(response, 405, 'Cannot control the source: use POST', { Allow: 'POST' });
  }
  const isSource = pathname === '/pipeline.json' || pathname === '/events';
  if (isSource && method === 'OPTIONS') return answerPreflight(response, allowsHeaders);
  if (method !== 'GET') {
    return answerText(response, 405, `Cannot answer "${method}": use GET`, { Allow: 'GET' });
  }
  if (isPagePath(pathname)) return answerPage(response, pathname);
  switch (pathname) {
    case '/pipeline.json':
      return sources.json.answer(request, response);
    case '/events':
      return sources.events.answer(request, response);
    case '/socket':
      return answerText(response, 426, 'Cannot answer "/socket" over HTTP: it is a WebSocket', {
        Upgrade: 'websocket',
      });
    case '/state':
      return answerJson(response, 200, stateOf(sources));
    case '/record/events':
      return answerRecord(response, sources.events, searchParams.get('from'));
    case '/record/socket':
      return answerRecord(response, sources.socket, searchParams.get('from'));
    default:
      return answerText(response, 404, `Cannot find "${pathname}": no page or source has this address`);
  }
}
