/** Hostile bodies from every kind of source, up to what a page would be sent of them. */
import fc from 'fast-check';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { createEventStream } from '../../utils/feeds/event-stream';
import type { Feed, SourceDefinition } from '../../utils/feeds/feed';
import { readText } from '../../utils/feeds/http';
import { LOG_LIMITS } from '../../utils/feeds/log';
import { MAX_MESSAGE_LENGTH } from '../../utils/feeds/source';
import type { FeedReader } from '../../utils/stream/feed-reader';
import { MAX_MESSAGE_BYTES, parseToPage } from '../../utils/stream/protocol';
import { campaign, watchEscapes } from './campaign';
import { createHubWorld, type HubWorld } from './hub-world';
import { type Body, eventBody, frame, head, piecesOf, pollBody } from './source-bodies';

const escapes = watchEscapes();

const HOUR_MS = 3_600_000;
const ADDRESS = 'https://example.com/x';
const SSE: SourceDefinition = {
  type: 'sse',
  address: ADDRESS,
  event: null,
  consecutiveIds: false,
  silentAfterMs: 45_000,
};

const feedOf = (source: SourceDefinition, kind: Feed['kind'], path: string): Feed => ({
  id: 'f',
  name: 'F',
  kind,
  source,
  path,
  unit: '',
  paceMs: 1_000,
});

const kind = fc.constantFrom<Feed['kind']>('state', 'event');
const path = fc.constantFrom('$', '$', '$.a', "$['__proto__']", '$.constructor', '$.length', '$[0]', '$.a.b');

/** The path finds 7 in it. */
function goodFor(text: string): string {
  const value = '[7]';
  if (text === '$') return value;
  if (text === '$[0]') return `[${value}]`;
  if (text === '$.a.b') return `{"a":{"b":${value}}}`;
  return `{"${/\w+/.exec(text)?.[0]}":${value}}`;
}

/** A body of these pieces. With `openUntil` it stays open; reading it rejects when the request is aborted, as in a browser. */
const streamOf = (pieces: readonly Uint8Array<ArrayBuffer>[], openUntil?: AbortSignal): ReadableStream =>
  new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      if (openUntil === undefined) controller.close();
      openUntil?.addEventListener('abort', () => controller.error(new DOMException('aborted', 'AbortError')));
    },
  });

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

function responseOf(
  { status, headers, url }: { status: number; headers: Record<string, string | undefined>; url: string },
  body: ReadableStream,
): Response {
  const given = Object.entries(headers).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const response = new Response(status === 304 ? null : body, { status, headers: given });
  Object.defineProperty(response, 'url', { value: url });
  return response;
}

/** Whatever came: what a page would be told of it is as the protocol has it, and bounded. */
function expectFit(reader: FeedReader, world: HubWorld): void {
  const { bytes, more, ...reading } = reader.read({ epoch: reader.info.epoch, seq: 0 }, MAX_MESSAGE_BYTES);
  const batch = { type: 'UPDATES', batch: 1, feeds: [{ feed: 'f', ...reading }] };
  expect(parseToPage(batch)).toMatchObject({ ok: true });
  expect(typeof more).toBe('boolean');
  expect(bytes).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
  expect(Buffer.byteLength(JSON.stringify(reading.updates))).toBeLessThanOrEqual(Math.max(2, bytes));
  expect(reading.updates.length).toBeLessThanOrEqual(LOG_LIMITS.updates);
  const { status } = reader;
  expect(parseToPage({ type: 'STATUS', ...status })).toMatchObject({ ok: true });
  expect((status.retryAt ?? 0) - world.now()).toBeLessThanOrEqual(HOUR_MS);
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
}

/** Opens the feed, lets `run` do its worst, and looks at what is left. */
async function withFeed(feed: Feed, run: (world: HubWorld, reader: FeedReader) => Promise<void>): Promise<void> {
  const world = createHubWorld(feed);
  const reader = await world.hub.reader('f', { isPrivate: false });
  if (reader === null) throw new Error('no reader');
  const unfollow = reader.follow({ onNews: () => undefined, onStatus: () => undefined });
  await run(world, reader);
  await escapes.check();
  expectFit(reader, world);

  // What was written comes back as it was.
  await reader.save();
  const before = reader.read(null, MAX_MESSAGE_BYTES).updates;
  unfollow();
  world.hub.end();
  await setImmediate();
  expect(world.timers()).toBe(0);
  if (feed.source.type === 'sse' || feed.kind === 'event') {
    const later = createHubWorld(feed, world.segments.reopen());
    const again = await later.hub.reader('f', { isPrivate: false });
    expect(JSON.stringify(again?.read(null, MAX_MESSAGE_BYTES).updates)).toBe(JSON.stringify(before));
    later.hub.end();
  }
  await escapes.check();
}

const newest = (reader: FeedReader): unknown => reader.read(null, MAX_MESSAGE_BYTES).updates.at(-1)?.value;

describe('hostile bodies', () => {
  test('no answer to a poll throws, stops the polling or gives a page what it would refuse', async () => {
    const answers = fc.array(fc.record({ head, body: pollBody }), { minLength: 1, maxLength: 4 });
    await campaign(60_000, fc.record({ kind, path, answers }), async (one) => {
      await withFeed(feedOf({ type: 'poll', address: ADDRESS }, one.kind, one.path), async (world, reader) => {
        for (const answer of one.answers) {
          const request = await world.request();
          expect(request).not.toBeNull();
          request?.answer(responseOf(answer.head, streamOf(piecesOf(answer.body))));
          await setImmediate();
          expectFit(reader, world);
        }
        const request = await world.request();
        request?.answer(new Response(goodFor(one.path)));
        await setImmediate();
        expect(newest(reader)).toEqual([7]);
        expect(reader.status).toMatchObject({ state: 'live', reason: null });
        expect(world.requests()).toBe(one.answers.length + 1);
      });
      return one.answers.length;
    });
  });

  test('no event stream throws, stops the reading or gives a page what it would refuse', async () => {
    const bodies = fc.array(eventBody, { minLength: 1, maxLength: 4 });
    const arbitrary = fc.record({ kind, path, bodies, head, consecutiveIds: fc.boolean(), isPlain: fc.boolean() });
    await campaign(60_000, arbitrary, async (one) => {
      const source = { ...SSE, consecutiveIds: one.consecutiveIds };
      await withFeed(feedOf(source, one.kind, one.path), async (world, reader) => {
        const request = await world.request();
        if (!one.isPlain) {
          request?.answer(responseOf(one.head, streamOf(one.bodies.flatMap(piecesOf))));
          await setImmediate();
          expectFit(reader, world);
        }
        const again = one.isPlain ? request : await world.request();
        const good = bytesOf(`\n\ndata:${goodFor(one.path)}\n\n`);
        const response = new Response(streamOf([...one.bodies.flatMap(piecesOf), good], again?.signal), {
          headers: { 'Content-Type': 'text/event-stream' },
        });
        again?.answer(response);
        await setImmediate();
        expect(newest(reader)).toEqual([7]);
        expect(reader.status.state).toBe('live');
      });
      return one.bodies.length;
    });
  });

  test('no frame of a socket throws, stops the reading or gives a page what it would refuse', async () => {
    const format = fc.constantFrom<'json' | 'text'>('json', 'text');
    const frames = fc.array(frame, { minLength: 1, maxLength: 6 });
    await campaign(40_000, fc.record({ kind, path, format, frames }), async (one) => {
      const source: SourceDefinition = {
        type: 'websocket',
        address: 'wss://example.com/x',
        onConnect: ['hello'],
        format: one.format,
        silentAfterMs: null,
      };
      const isText = one.format === 'text';
      await withFeed(feedOf(source, one.kind, isText ? '$' : one.path), async (world, reader) => {
        const socket = await world.socket();
        socket?.open();
        // As dispatchEvent does: a browser reports what a listener throws and goes on.
        for (const data of one.frames) socket?.message(data);
        expectFit(reader, world);
        await setImmediate();
        // After a frame of more than 1 MiB it is closed, and opened again later.
        const again = await world.socket();
        if (again !== socket) again?.open();
        again?.message(isText ? 'good' : goodFor(one.path));
        await setImmediate();
        expect(newest(reader)).toEqual(isText ? 'good' : [7]);
        expect(reader.status.state).toBe('live');
      });
      return one.frames.length;
    });
  });
});

/** What is read of a stream that comes in these pieces. */
function eventsOf(pieces: readonly Uint8Array[]): unknown[] {
  const told: unknown[] = [];
  const stream = createEventStream({
    onEvent: (event) => told.push(event),
    onId: (id) => told.push(['id', id]),
    onRetry: (ms) => told.push(['retry', ms]),
    onLife: () => undefined,
    onTooLarge: () => told.push('too large'),
  });
  for (const piece of pieces) stream.feed(piece);
  return told;
}

const small = (body: fc.Arbitrary<Body>): fc.Arbitrary<Body> => body.filter(({ bytes }) => bytes.length <= 300);

test('where a body is cut changes nothing of what is read', async () => {
  await campaign(40_000, fc.tuple(small(eventBody), small(pollBody)), async ([{ bytes }, { bytes: json }]) => {
    const whole = eventsOf([bytes]);
    expect(eventsOf(piecesOf({ bytes, cut: 'bytes' }))).toEqual(whole);
    for (let at = 1; at < bytes.length; at += 1) expect(eventsOf(piecesOf({ bytes, cut: at }))).toEqual(whole);
    const text = await readText(new Response(streamOf(piecesOf({ bytes: json, cut: 'bytes' }))), 1_000);
    expect(text).toBe(new TextDecoder().decode(json));
    return 2;
  });
});

test('what a stream holds of an endless line is bounded', () => {
  const stream = createEventStream({
    onEvent: () => undefined,
    onId: () => undefined,
    onRetry: () => undefined,
    onLife: () => undefined,
    onTooLarge: () => undefined,
  });
  const piece = bytesOf('x'.repeat(64 * 1024));
  // Without it what is counted is garbage, and how much of that there is depends on what ran before.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let count = 0; count < 1_000; count += 1) stream.feed(piece);
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20 * MAX_MESSAGE_LENGTH);
});
