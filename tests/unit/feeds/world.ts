import { vi } from 'vitest';
import type { ReadMark } from '../../../utils/feeds/read-mark';
import type { Sink, SourceDeps, SourceStatus } from '../../../utils/feeds/source';

/** One request that a source made, for the test to answer. */
export interface Asked {
  url: string;
  headers: Record<string, string>;
  init: RequestInit;
  answer(response: Response): void;
  fail(): void;
}

/** A body that the test writes to. Reading it rejects when the request is aborted, as in a browser. */
export interface Body {
  write(data: string | Uint8Array): void;
  end(): void;
  cut(): void;
}

/** An open socket's other end. */
export class FakeSocket extends EventTarget {
  readyState = 0;
  bufferedAmount = 0;
  binaryType = 'blob';
  readonly sent: string[] = [];
  readonly address: string;

  constructor(address: string) {
    super();
    this.address = address;
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.readyState = 3;
  }

  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }

  message(data: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }

  closed(code: number): void {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event('close'), { code }));
  }
}

export interface World {
  deps: SourceDeps;
  /** `probes`: what a source learns when it looks again why a request failed. */
  state: {
    probes: 'refused' | 'there' | 'readable';
    hasAccess: boolean;
    refuseSockets: boolean;
    random: number;
  };
  /** Requests but those of {@link probed}; with headers, which second looks have not. */
  asked: Asked[];
  /** Second looks at a source that failed: their options. */
  probed: RequestInit[];
  sockets: FakeSocket[];
  /** The newest request, after what is under way has gone its way. */
  request(): Promise<Asked>;
  /** The newest socket, likewise. */
  socket(): Promise<FakeSocket>;
}

export interface Recorder {
  sink: Sink;
  calls: unknown[][];
  statuses: SourceStatus[];
  /** How many calls there were when a sign of life was told, each time. */
  lives: number[];
  data(): unknown[];
  readonly status: SourceStatus | undefined;
}

/** A network and a clock. Use with `vi.useFakeTimers()`. */
export function createWorld(): World {
  const asked: Asked[] = [];
  const probed: RequestInit[] = [];
  const sockets: FakeSocket[] = [];
  const state: World['state'] = { probes: 'there', hasAccess: true, refuseSockets: false, random: 0.5 };

  const probe = async (init: RequestInit): Promise<Response> => {
    probed.push(init);
    const isOpaque = init.mode === 'no-cors';
    const isAnswered = state.probes === 'readable' || (state.probes === 'there' && isOpaque);
    if (!isAnswered) throw new TypeError('Failed to fetch');
    return Object.defineProperty(new Response(null), 'type', { value: isOpaque ? 'opaque' : 'cors' });
  };

  const fetchFake = (input: unknown, init: RequestInit = {}): Promise<Response> => {
    if (init.headers === undefined) return probe(init);
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    init.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
    asked.push({
      url: String(input),
      headers: init.headers as Record<string, string>,
      init,
      answer: resolve,
      fail: () => reject(new TypeError('Failed to fetch')),
    });
    return promise;
  };

  const deps: SourceDeps = {
    fetch: fetchFake as typeof fetch,
    WebSocket: function (address: string) {
      if (state.refuseSockets) throw new DOMException('refused', 'SecurityError');
      const socket = new FakeSocket(address);
      sockets.push(socket);
      return socket;
    } as unknown as SourceDeps['WebSocket'],
    now: () => Date.now(),
    uptime: () => performance.now(),
    nextTask: () => Promise.resolve(),
    rest: () => Promise.resolve(),
    random: () => state.random,
    after(delayMs, run) {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
    hasAccess: () => Promise.resolve(state.hasAccess),
  };

  return {
    deps,
    state,
    asked,
    probed,
    sockets,
    async request() {
      await settle();
      const last = asked.at(-1);
      if (last === undefined) throw new Error('nothing was asked');
      return last;
    },
    async socket() {
      await settle();
      const last = sockets.at(-1);
      if (last === undefined) throw new Error('no socket was opened');
      return last;
    },
  };
}

/** Lets promises run; no time passes. */
export async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
  await vi.advanceTimersByTimeAsync(0);
}

/** An answer as a browser gives it; `url`: the address it came from in the end, where a redirect was followed. */
export function answerOf(
  body: string | Uint8Array<ArrayBuffer> | ReadableStream | null,
  { status = 200, headers = {}, url }: { status?: number; headers?: Record<string, string>; url?: string } = {},
): Response {
  const response = new Response(body, { status, headers });
  if (url !== undefined) Object.defineProperties(response, { url: { value: url }, redirected: { value: true } });
  return response;
}

/** What a browser says of a redirect that it was asked not to follow. */
export const redirectAnswer = (): Response =>
  Object.defineProperty(new Response(null), 'type', { value: 'opaqueredirect' });

/** Answers the newest request with a redirect; gives the request that follows it. */
export async function redirect(world: World): Promise<Asked> {
  (await world.request()).answer(redirectAnswer());
  return world.request();
}

/** An event stream that answers `request`. */
export function streamTo(request: Asked, headers: Record<string, string> = {}, url?: string): Body {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let open = true;
  const body = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
    },
  });
  const fail = (error: Error): void => {
    if (open) controller?.error(error);
    open = false;
  };
  request.init.signal?.addEventListener('abort', () => fail(new DOMException('aborted', 'AbortError')));
  const answer = answerOf(body, {
    headers: { 'Content-Type': 'text/event-stream', ...headers },
    ...(url !== undefined && { url }),
  });
  request.answer(answer);
  return {
    write(data) {
      if (open) controller?.enqueue(typeof data === 'string' ? new TextEncoder().encode(data) : data);
    },
    end() {
      if (open) controller?.close();
      open = false;
    },
    cut: () => fail(new TypeError('network error')),
  };
}

/** A mark as one background has it. */
export function createFakeMark(isSet = false): ReadMark & { isSet: boolean } {
  const mark = {
    isSet,
    has: () => Promise.resolve(mark.isSet),
    set() {
      mark.isSet = true;
    },
  };
  return mark;
}

/** A sink that writes down what it is told, in order. */
export function createRecorder(): Recorder {
  const calls: unknown[][] = [];
  const statuses: SourceStatus[] = [];
  const lives: number[] = [];
  const sink: Sink = {
    onData: (data) => calls.push(['data', data]),
    onFresh: () => calls.push(['fresh']),
    onLife: () => lives.push(calls.length),
    onId: (id) => calls.push(['id', id]),
    onMissed: (count) => calls.push(['missed', count]),
    onNewHistory: () => calls.push(['new history']),
    onBad: (code, detail) => calls.push(['bad', code, detail]),
    onStatus: (status) => statuses.push(status),
  };
  return {
    sink,
    calls,
    statuses,
    lives,
    data: () => calls.filter(([name]) => name === 'data').map(([, data]) => data),
    get status() {
      return statuses.at(-1);
    },
  };
}
