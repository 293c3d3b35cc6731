import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Demo, startDemo } from '../../servers/demo';
import { NONSENSE_KINDS, SPLIT_LINE } from '../../servers/nonsense';
import { afterATwentiethSecond } from './after-a-twentieth-second';

let demo: Demo;
beforeEach(async () => {
  demo = await startDemo({ port: 0 });
  demo.control('json', { action: 'rate', perSecond: 0 });
});
afterEach(() => demo.close());

const get = (headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${demo.url}/pipeline.json`, { headers });

describe('JSON source', () => {
  it('JSON source sends the document with CORS headers and a strong ETag', async () => {
    const response = await get();
    expect(response.status).toBe(200);
    expect(response.headers.get('etag')).toMatch(/^"[\w-]{22}"$/);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-expose-headers')).toContain('ETag');
    expect(await response.json()).toEqual({
      queue: { depth: expect.any(Number) },
      builds: {
        running: expect.any(Number),
        passed: expect.any(Number),
        failed: expect.any(Number),
        last: expect.any(String),
      },
      errors: { rate: expect.any(Number) },
      at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  it('JSON source answers 304 until the document changes', async () => {
    const etag = (await get()).headers.get('etag') ?? '';
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const response = await get({ 'If-None-Match': tag });
      expect([response.status, response.headers.get('etag'), await response.text()]).toEqual([304, etag, '']);
    }
    expect((await get({ 'If-None-Match': '"other"' })).status).toBe(200);
    demo.control('json', { action: 'burst', count: 1 });
    const changed = await get({ 'If-None-Match': etag });
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).not.toBe(etag);
    expect(demo.state.json).toMatchObject({ notModified: 4, lastIfNoneMatch: etag, requests: 7, newest: 2 });
  });

  it('JSON source changes at its rate by itself', async () => {
    demo.control('json', { action: 'rate', perSecond: 100 });
    const before = demo.json.document;
    await expect.poll(() => demo.json.document).not.toBe(before);
  });

  it('JSON source answers a preflight, also while it is stopped', async () => {
    demo.control('json', 'stop');
    const response = await fetch(`${demo.url}/pipeline.json`, { method: 'OPTIONS' });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-headers')).toContain('If-None-Match');
  });

  it('JSON source refuses when stopped or failing and comes back', async () => {
    demo.control('json', { action: 'stop', retryAfterS: 7 });
    const stopped = await get();
    expect([stopped.status, stopped.headers.get('retry-after')]).toEqual([503, '7']);
    expect(stopped.headers.get('access-control-allow-origin')).toBe('*');
    expect(demo.state.json).toMatchObject({ mode: 'refusing', status: 503 });
    demo.control('json', { action: 'fail', status: 401 });
    expect((await get()).status).toBe(401);
    demo.control('json', { action: 'fail', status: 302, location: '/away' });
    expect((await get()).url).toBe(`${demo.url}/away`);
    demo.control('json', 'return');
    expect((await get()).status).toBe(200);
  });

  it('JSON source leaves a request open while silent and answers it on return', async () => {
    demo.control('json', 'silent');
    const pending = get();
    await vi.waitUntil(() => demo.state.json.connections.now === 1);
    demo.control('json', 'return');
    expect((await pending).status).toBe(200);
    await vi.waitUntil(() => demo.state.json.connections.now === 0);
  });

  it.each(['stop', 'restart'] as const)('JSON source drops open requests at %s', async (action) => {
    demo.control('json', 'silent');
    const pending = get().then(
      () => 'answered',
      () => 'dropped',
    );
    await vi.waitUntil(() => demo.state.json.connections.now === 1);
    demo.control('json', action);
    expect(await pending).toBe('dropped');
  });

  it('JSON source sends every kind of nonsense in turn until return', async () => {
    demo.control('json', { action: 'nonsense', lineBytes: 100_000 });
    const bodies: Buffer[] = [];
    for (const _ of NONSENSE_KINDS) bodies.push(Buffer.from(await (await get()).arrayBuffer()));
    const [broken, types, bom, long, markup, deep, huge, split] = bodies.map(String);
    expect(() => JSON.parse(broken ?? '')).toThrow(SyntaxError);
    expect(JSON.parse(types ?? '')).toMatchObject({ builds: null });
    expect(bodies[2]?.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
    expect(bom).toContain('byte order mark');
    expect(JSON.parse(split ?? '')).toMatchObject({ line: SPLIT_LINE });
    expect(long).toHaveLength(100_000);
    expect(markup).toContain('<script>');
    expect(deep).toHaveLength('{"queue":}'.length * 5000 + 1);
    expect(JSON.parse(huge ?? '')).toMatchObject({ n: Infinity });
    expect(demo.state.json.mode).toBe('nonsense');
    demo.control('json', 'return');
    expect(demo.state.json.mode).toBe('normal');
    expect(await (await get()).text()).toBe(demo.json.document);
  });

  it('JSON source stays with one kind of nonsense when asked for it', async () => {
    demo.control('json', { action: 'nonsense', kind: 'long-line' });
    expect((await (await get()).arrayBuffer()).byteLength).toBe(10 * 1024 * 1024);
    expect((await (await get()).arrayBuffer()).byteLength).toBe(10 * 1024 * 1024);
  });

  it('JSON source can be stopped with half a character sent', async () => {
    demo.control('json', { action: 'nonsense', kind: 'split-utf8' });
    const response = await get();
    demo.control('json', 'stop');
    await expect(response.text()).rejects.toThrow('terminated');
    await afterATwentiethSecond(demo);
    expect((await get()).status).toBe(503);
  });

  it('JSON source counts from 1 again when it restarts', async () => {
    demo.control('json', { action: 'burst', count: 10 });
    const etag = (await get()).headers.get('etag');
    demo.control('json', 'restart');
    expect(demo.state.json.newest).toBe(1);
    expect((await get()).headers.get('etag')).not.toBe(etag);
  });
});
