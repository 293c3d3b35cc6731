import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NonsenseKind } from './nonsense.ts';
import { NONSENSE_KINDS, nonsenseLine, splitInCharacter } from './nonsense.ts';
import type { Action } from './action.ts';
import { answerText, CORS_HEADERS } from './answer.ts';
import { type Mode, nextMode } from './mode.ts';
import { createPace } from './pace.ts';
import type { Pipeline } from './pipeline.ts';
import type { Source, SourceState } from './source.ts';

export interface JsonSourceState extends SourceState {
  /** How many requests were answered 304. */
  notModified: number;
  /** `If-None-Match` of the last request, or null. */
  lastIfNoneMatch: string | null;
}

export interface JsonSource extends Source {
  readonly state: JsonSourceState;
  /** The document as of now, as it is sent. */
  readonly document: string;
  answer(request: IncomingMessage, response: ServerResponse): void;
}

const HALF_CHARACTER_MS = 20;

/** [spec] https://www.rfc-editor.org/rfc/rfc9110#field.if-none-match compares weakly: `W/"a"` matches `"a"`. */
const matches = (header: string, etag: string): boolean =>
  header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);

/**
 * `GET /pipeline.json`: the story as one document with a strong ETag, new every 2 s.
 *
 * burst plays `count` changes at once, of which a reader sees the last; nonsense lasts until return; restart forgets
 * how many documents there were. Silent leaves requests open; they are answered on return.
 */
export function createJsonSource(pipeline: Pipeline): JsonSource {
  let mode: Mode = { name: 'normal' };
  let nonsense: { kinds: readonly NonsenseKind[]; lineBytes: number | undefined; sent: number } | null = null;
  const open = new Map<ServerResponse, IncomingMessage>();
  const counts = { total: 0, requests: 0, notModified: 0 };
  let lastIfNoneMatch: string | null = null;
  let newest = 0;
  let told = 0;
  let document = '';
  let etag = '';

  const change = (count: number): void => {
    newest += count;
    let moment = pipeline.tell(told);
    for (let i = 1; i < count; i += 1) moment = pipeline.tell(moment.step);
    told = moment.step;
    const { queue, running, passed, failed, errorRate, line } = moment;
    document = JSON.stringify({
      queue: { depth: queue },
      builds: { running, passed, failed, last: line },
      errors: { rate: errorRate },
      at: new Date().toISOString(),
    });
    // The number is in it: two documents of the same millisecond can be equal, and are two all the same.
    etag = `"${createHash('sha256').update(`${newest} ${document}`).digest('base64url').slice(0, 22)}"`;
  };
  const pace = createPace(0.5, change);
  change(1);

  const sendNonsense = (response: ServerResponse, { kinds, lineBytes, sent }: NonNullable<typeof nonsense>): void => {
    const kind = kinds[sent % kinds.length] ?? 'broken-json';
    const line = nonsenseLine(kind, lineBytes);
    response.writeHead(200, { ...CORS_HEADERS, 'Content-Type': 'application/json', 'Cache-Control': 'no-cache' });
    if (kind !== 'split-utf8') {
      response.end(line);
      return;
    }
    const [head, tail] = splitInCharacter(line);
    response.write(head);
    setTimeout(() => response.end(tail), HALF_CHARACTER_MS);
  };
  const send = (request: IncomingMessage, response: ServerResponse): void => {
    if (nonsense !== null) {
      sendNonsense(response, nonsense);
      nonsense.sent += 1;
      return;
    }
    const headers = { ...CORS_HEADERS, ETag: etag, 'Cache-Control': 'no-cache' };
    const ifNoneMatch = request.headers['if-none-match'];
    if (ifNoneMatch !== undefined && matches(ifNoneMatch, etag)) {
      counts.notModified += 1;
      response.writeHead(304, headers).end();
      return;
    }
    response.writeHead(200, { ...headers, 'Content-Type': 'application/json' }).end(document);
  };
  const dropOpen = (): void => {
    for (const response of open.keys()) response.destroy();
  };

  const act = (action: Action): void => {
    // These two leave nonsense as it is; every other action but nonsense itself ends it.
    if (action.action === 'rate') return pace.set(action.perSecond);
    if (action.action === 'burst') return change(action.count ?? 500);
    nonsense = null;
    if (action.action === 'nonsense') {
      const kinds = action.kind === undefined ? NONSENSE_KINDS : [action.kind];
      nonsense = { kinds, lineBytes: action.lineBytes, sent: 0 };
    }
    if (action.action === 'restart') {
      dropOpen();
      newest = 0;
      change(1);
    }
  };

  return {
    get state(): JsonSourceState {
      return {
        mode: nonsense === null ? mode.name : 'nonsense',
        status: mode.name === 'refusing' ? mode.status : null,
        perSecond: pace.perSecond,
        newest,
        connections: { now: open.size, total: counts.total },
        requests: counts.requests,
        notModified: counts.notModified,
        lastIfNoneMatch,
      };
    },
    get document() {
      return document;
    },
    answer(request, response) {
      counts.requests += 1;
      lastIfNoneMatch = request.headers['if-none-match'] ?? null;
      if (mode.name === 'refusing') {
        answerText(response, mode.status, 'The JSON source was told to refuse.', { ...CORS_HEADERS, ...mode.headers });
        return;
      }
      counts.total += 1;
      open.set(response, request);
      response.once('close', () => open.delete(response));
      if (mode.name === 'normal') send(request, response);
    },
    control(action) {
      mode = action.action === 'nonsense' ? { name: 'normal' } : nextMode(mode, action);
      act(action);
      if (mode.name === 'refusing') dropOpen();
      if (mode.name !== 'normal') return;
      for (const [response, request] of open) if (!response.headersSent) send(request, response);
    },
    close() {
      pace.end();
      dropOpen();
    },
  };
}
