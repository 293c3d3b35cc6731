import { get, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Demo, startDemo } from '../../servers/demo';
import { SPLIT_LINE } from '../../servers/nonsense';
import { afterATwentiethSecond } from './after-a-twentieth-second';
import { type EventsReader, readEvents } from './read-events';

let demo: Demo;
let over: AbortController;
const begin = async (options = {}): Promise<void> => {
  demo = await startDemo({ port: 0, ...options });
  demo.control('events', { action: 'rate', perSecond: 0 });
};
beforeEach(() => {
  over = new AbortController();
  return begin();
});
afterEach(async () => {
  over.abort();
  await demo.close();
});

const open = (lastEventId?: string): Promise<EventsReader> =>
  readEvents(demo.url, { signal: over.signal, ...(lastEventId !== undefined && { lastEventId }) });
const burst = (count: number): void => demo.control('events', { action: 'burst', count });
const ids = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
const hasEvents = (count: number) => (reader: EventsReader) => reader.events.length >= count;

describe('SSE source', () => {
  it('SSE source sends the newest event first and then what is new, as recorded', async () => {
    burst(9);
    const reader = await open();
    expect(reader.response.headers.get('content-type')).toBe('text/event-stream');
    expect(reader.response.headers.get('access-control-allow-origin')).toBe('*');
    expect(await reader.until(hasEvents(1))).toEqual(['10']);
    burst(5);
    expect(await reader.until(hasEvents(6))).toEqual(ids(10, 15));
    expect(reader.events.map(({ data }) => JSON.parse(data) as unknown)).toEqual(demo.events.record.after(9));
    expect(demo.events.record.after(14)).toEqual([
      {
        n: 15,
        queue: expect.any(Number),
        running: expect.any(Number),
        errorRate: expect.any(Number),
        line: expect.stringContaining('build'),
        level: expect.stringMatching(/^(info|warn|error)$/),
      },
    ]);
  });

  it('SSE source replays after Last-Event-ID, each event once', async () => {
    burst(999);
    const reader = await open('400');
    burst(50);
    expect(await reader.until(hasEvents(650))).toEqual(ids(401, 1050));
    expect(demo.state.events).toMatchObject({ lastEventId: '400', newest: 1050 });
  });

  it('SSE source sends nothing to who has all, until there is more', async () => {
    burst(9);
    const reader = await open('10');
    burst(1);
    expect(await reader.until(hasEvents(1))).toEqual(['11']);
  });

  it.each(['12', 'abc', '-1', '1e3', '99999999999999999999'])(
    'SSE source sends all it keeps after the unknown id %s',
    async (lastEventId) => {
      burst(9);
      expect(await (await open(lastEventId)).until(hasEvents(10))).toEqual(ids(1, 10));
    },
  );

  it('SSE source keeps a bounded history and replays from its oldest event', async () => {
    await demo.close();
    await begin({ historyLimit: 100 });
    burst(999);
    expect(await (await open('1')).until(hasEvents(100))).toEqual(ids(901, 1000));
    expect(demo.state.events).toMatchObject({ oldest: 901, newest: 1000 });
  });

  it('SSE source sends a burst of 50 000 whole and in order', async () => {
    const reader = await open();
    await reader.until(hasEvents(1));
    burst(50_000);
    expect(await reader.until(hasEvents(50_001))).toEqual(ids(1, 50_001));
  });

  it('SSE source tells at the rate it is set to', async () => {
    const reader = await open();
    demo.control('events', { action: 'rate', perSecond: 2000 });
    expect(await reader.until(hasEvents(200))).toEqual(ids(1, reader.events.length));
    expect(demo.state.events.perSecond).toBe(2000);
  });

  it('SSE source stops, refuses, goes on counting, and replays on return', async () => {
    const reader = await open();
    await reader.until(hasEvents(1));
    demo.control('events', { action: 'stop', retryAfterS: 3 });
    await reader.ended;
    const refused = await open('1');
    expect([refused.response.status, refused.response.headers.get('retry-after')]).toEqual([503, '3']);
    burst(5);
    demo.control('events', 'return');
    expect(await (await open('1')).until(hasEvents(5))).toEqual(ids(2, 6));
    expect(demo.state.events).toMatchObject({ requests: 3, connections: { now: 1, total: 2 } });
  });

  it('SSE source fails with the status it is told', async () => {
    demo.control('events', { action: 'fail', status: 401 });
    expect((await open()).response.status).toBe(401);
  });

  it('SSE source is open but quiet while silent and sends on return what was told meanwhile', async () => {
    await demo.close();
    await begin({ heartbeatMs: 5 });
    demo.control('events', 'silent');
    const reader = await open();
    expect(reader.response.status).toBe(200);
    burst(5);
    expect(demo.state.events.connections.now).toBe(1);
    demo.control('events', 'return');
    await reader.until(({ comments }) => comments.length > 0);
    expect(await reader.until(hasEvents(6))).toEqual(ids(1, 6));
    expect(reader.text.startsWith('id: 1\n')).toBe(true);
  });

  it('SSE source sends nothing at all while silent', async () => {
    await demo.close();
    await begin({ heartbeatMs: 5 });
    demo.control('events', 'silent');
    const reader = await open();
    burst(5);
    await afterATwentiethSecond(demo);
    expect([demo.state.events.connections.now, reader.text]).toEqual([1, '']);
  });

  it('SSE source sends a heartbeat comment', async () => {
    await demo.close();
    await begin({ heartbeatMs: 5 });
    const reader = await open();
    await reader.until(({ comments }) => comments.length >= 2);
    expect(reader.comments[0]).toBe('still here');
  });

  it('SSE source begins a new history when it restarts', async () => {
    burst(9);
    const reader = await open();
    await reader.until(hasEvents(1));
    demo.control('events', 'restart');
    await reader.ended;
    burst(2);
    expect(await (await open('10')).until(hasEvents(3))).toEqual(ids(1, 3));
  });

  it('SSE source sends nonsense without an id and goes on with the next event', async () => {
    const reader = await open();
    await reader.until(hasEvents(1));
    demo.control('events', { action: 'nonsense', lineBytes: 1_000_000 });
    burst(1);
    await reader.until(({ events }) => events.some(({ id }) => id === '3'));
    const told = reader.events.filter(({ id }) => id !== undefined);
    expect(told.map(({ id }) => id)).toEqual(ids(1, 3));
    expect(JSON.parse(told[1]?.data ?? '')).toMatchObject({ n: 2, line: SPLIT_LINE });
    expect(told.map(({ data }) => JSON.parse(data) as unknown)).toEqual(demo.events.record.after(0));
    const junk = reader.events.filter(({ id }) => id === undefined).map(({ data }) => data);
    // The one with the byte order mark has no data field, so it is no event.
    expect(junk).toHaveLength(6);
    expect(junk.some((data) => data.length === 1_000_000)).toBe(true);
    expect(reader.text).toContain('\uFEFFdata: ');
  });

  it('SSE source cuts an event in a character', async () => {
    const response = await fetch(`${demo.url}/events`, { signal: over.signal });
    const chunks: Buffer[] = [];
    demo.control('events', { action: 'nonsense', kind: 'split-utf8' });
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      chunks.push(Buffer.from(chunk));
      if (Buffer.concat(chunks).toString().includes(SPLIT_LINE)) break;
    }
    expect(chunks.some((chunk) => chunk.toString().includes('\uFFFD'))).toBe(true);
  });

  it('SSE source can be stopped with half a character sent', async () => {
    const reader = await open();
    await reader.until(hasEvents(1));
    demo.control('events', { action: 'nonsense', kind: 'split-utf8' });
    demo.control('events', 'stop');
    await reader.ended;
    await afterATwentiethSecond(demo);
    demo.control('events', 'return');
    expect(await (await open('1')).until(hasEvents(1))).toEqual(['2']);
  });

  it('SSE source leaves what a reader does not read in the record, and sends it all when it reads again', async () => {
    const opened = new Promise<IncomingMessage>((resolve) => {
      get(`${demo.url}/events`, { signal: over.signal }, resolve).on('error', () => undefined);
    });
    const response = (await opened).setEncoding('utf8');
    burst(50_000);
    burst(49_000);
    expect(demo.events.unsentBytes).toBeLessThan(1_000_000);
    let last = '';
    for await (const chunk of response as AsyncIterable<string>) {
      last = (last + chunk).slice(-2000);
      if (last.includes('id: 99001\n')) break;
    }
    expect(last).toContain('id: 99000\n');
  });
});
