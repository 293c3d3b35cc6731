import { once } from 'node:events';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { spawn } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Action, SOURCE_NAMES } from '../../servers/action';
import { type Demo, startDemo } from '../../servers/demo';
import { readEvents } from './read-events';

let demo: Demo;
let over: AbortController;
beforeEach(async () => {
  over = new AbortController();
  demo = await startDemo({ port: 0 });
  // Nothing happens by itself, so that no test depends on how fast it runs.
  for (const source of SOURCE_NAMES) demo.control(source, { action: 'rate', perSecond: 0 });
});
afterEach(() => {
  over.abort();
  return demo.close();
});

const post = (path: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${demo.url}${path}`, { method: 'POST', body, headers });

/** Posts with a Host of one's own, which fetch does not allow. */
const postWithHost = (host: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const options = { method: 'POST', headers: { Host: host, Origin: `http://${host}` } };
    request(`${demo.url}/control/json`, options, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end('{"action":"return"}');
  });

describe('demo pages', () => {
  it.each(['/', '/away', '/strict', '/frames', '/rtl'])(
    'demo page %s has a strict policy and may be kept',
    async (path) => {
      const response = await fetch(demo.url + path);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
      expect(response.headers.get('content-security-policy')).not.toContain('unsafe');
      expect(response.headers.get('cache-control')).toBe('no-cache');
      const html = await response.text();
      expect(html).not.toMatch(/<style|<script(?![^>]*src=)|\sstyle=|\son\w+=/);
      const own = [...html.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map(([, address = '']) => address);
      const answers = await Promise.all(own.map((address) => fetch(demo.url + address, { signal: over.signal })));
      expect(answers.filter(({ ok }) => !ok).map(({ url }) => url)).toEqual([]);
    },
  );

  it('demo page has five buttons for each source', async () => {
    const html = await (await fetch(demo.url)).text();
    for (const action of ['stop', 'silent', 'burst', 'nonsense', 'return']) {
      expect(html.split(`data-action="${action}"`)).toHaveLength(4);
    }
  });

  it('demo answers an unknown path and a wrong method with words', async () => {
    const missing = await fetch(`${demo.url}/nothing`);
    expect([missing.status, await missing.text()]).toEqual([404, expect.stringContaining('/nothing')]);
    expect((await post('/pipeline.json', '')).status).toBe(405);
    expect((await fetch(`${demo.url}/control/json`)).status).toBe(405);
    expect((await fetch(`${demo.url}/socket`)).status).toBe(426);
    expect((await post('/control/other', '{}')).status).toBe(405);
  });
});

describe('demo control', () => {
  it.each(['json', 'events', 'socket'])('demo controls %s over HTTP and answers with its state', async (source) => {
    const headers = { Origin: demo.url };
    const stopped = await post(`/control/${source}`, '{"action":"stop"}', headers);
    expect(await stopped.json()).toMatchObject({ mode: 'refusing', status: 503 });
    const back = await post(`/control/${source}`, '{"action":"return"}', headers);
    expect(await back.json()).toMatchObject({ mode: 'normal', status: null });
  });

  it.each([
    ['{', 400, 'the body is not JSON'],
    ['', 400, 'the body is not JSON'],
    ['{"action":"explode"}', 400, '"action" must be one of'],
    ['{"action":"burst","count":0}', 400, '"count" must be'],
    [' '.repeat(5000), 413, 'over 4096 bytes'],
  ])('demo refuses the control body %j with %d', async (body, status, words) => {
    const response = await post('/control/events', body);
    expect([response.status, await response.text()]).toEqual([status, expect.stringContaining(words)]);
  });

  it('demo refuses control from another origin and from a foreign name for loopback', async () => {
    for (const origin of ['http://evil.example', 'null', demo.url.replace('http', 'https'), `${demo.url}0`]) {
      expect((await post('/control/json', '{"action":"stop"}', { Origin: origin })).status).toBe(403);
    }
    expect(await postWithHost('evil.example')).toBe(403);
    expect(await postWithHost(`127.0.0.1:${demo.port}`)).toBe(200);
    expect(demo.state.json.mode).toBe('normal');
  });

  it('demo throws in process on what is no action', () => {
    expect(() => demo.control('json', { action: 'burst', count: 0 })).toThrow(TypeError);
    expect(() => demo.control('json', 'explode' as Action['action'])).toThrow('Cannot control "json": "action"');
  });
});

describe('demo oracles', () => {
  it('demo gives its state and the record over HTTP', async () => {
    demo.control('events', { action: 'burst', count: 9 });
    expect(await (await fetch(`${demo.url}/state`)).json()).toEqual(JSON.parse(JSON.stringify(demo.state)));
    const record = (await (await fetch(`${demo.url}/record/events?from=9`)).json()) as { events: unknown[] };
    expect(record).toMatchObject({
      oldest: 1,
      events: [
        { id: '9', n: 9 },
        { id: '10', n: 10 },
      ],
    });
    expect((await fetch(`${demo.url}/record/events?from=x`)).status).toBe(400);
    expect(await (await fetch(`${demo.url}/record/socket`)).json()).toMatchObject({ oldest: 1 });
  });

  it('demo sources tell one story', async () => {
    const reader = await readEvents(demo.url, { signal: over.signal });
    await reader.until(({ events }) => events.length > 0);
    const event = JSON.parse(reader.events[0]?.data ?? '') as { queue: number; line: string };
    const document = JSON.parse(demo.json.document) as unknown;
    expect(document).toMatchObject({ queue: { depth: event.queue }, builds: { last: event.line } });
  });
});

describe('demo life', () => {
  it('demo listens on the loopback addresses that localhost stands for, and on no other', async () => {
    for (const host of ['127.0.0.1', 'localhost']) {
      expect((await fetch(`http://${host}:${demo.port}/state`)).status).toBe(200);
    }
    await expect(fetch(`http://127.0.0.2:${demo.port}/state`)).rejects.toThrow('fetch failed');
  });

  it('demo refuses a port that is taken, in words', async () => {
    await expect(startDemo({ port: demo.port })).rejects.toThrow(
      `Cannot listen on port "${demo.port}": another program uses it`,
    );
  });

  it('demo ends every connection when it closes, and frees the port', async () => {
    const reader = await readEvents(demo.url, { signal: over.signal });
    const client = new WebSocket(`ws://localhost:${demo.port}/socket`);
    await once(client, 'open');
    demo.control('json', 'silent');
    const pending = fetch(`${demo.url}/pipeline.json`).catch(() => 'dropped');
    const closed = once(client, 'close');
    await demo.close();
    await demo.close();
    await Promise.all([reader.ended, closed]);
    expect(await pending).toBe('dropped');
    const again = await startDemo({ port: demo.port });
    await again.close();
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('demo program prints one line and ends cleanly on %s', async (signal) => {
    const main = fileURLToPath(new URL('../../servers/main.ts', import.meta.url));
    const child = spawn(process.execPath, [main, '--port', '0']);
    const exited = once(child, 'exit');
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    expect(String(line)).toMatch(/^Build pipeline: http:\/\/localhost:\d+\/\n$/);
    const url = /http\S+\d/.exec(String(line))?.[0] ?? '';
    const reader = await readEvents(url, { signal: over.signal });
    child.kill(signal);
    expect(await exited).toEqual([0, null]);
    await reader.ended;
  });

  it('demo program says in one sentence that the port is taken', async () => {
    const main = fileURLToPath(new URL('../../servers/main.ts', import.meta.url));
    const child = spawn(process.execPath, [main, '--port', String(demo.port)]);
    let errors = '';
    child.stderr.on('data', (data) => (errors += String(data)));
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(errors).toBe(`Cannot listen on port "${demo.port}": another program uses it\n`);
  });
});
