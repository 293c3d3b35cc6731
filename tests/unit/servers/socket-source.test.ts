import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type Demo, startDemo } from '../../servers/demo';
import { SPLIT_LINE } from '../../servers/nonsense';

let demo: Demo;
const clients: WebSocket[] = [];
beforeEach(async () => {
  demo = await startDemo({ port: 0 });
  demo.control('socket', { action: 'rate', perSecond: 0 });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  await demo.close();
});

interface Opened {
  client: WebSocket;
  texts: string[];
  numbers(): number[];
  closed: Promise<number>;
}

async function open(): Promise<Opened> {
  const client = new WebSocket(`${demo.url.replace('http', 'ws')}/socket`);
  clients.push(client);
  const texts: string[] = [];
  client.on('message', (data) => texts.push(String(data)));
  const closed = once(client, 'close').then(([code]) => code as number);
  // A refused client has an error instead of a close; `open` is what rejects then.
  closed.catch(() => undefined);
  await once(client, 'open');
  return { client, texts, closed, numbers: () => texts.map((text) => (JSON.parse(text) as { n: number }).n) };
}

const refusal = (): Promise<string> =>
  open().then(
    () => 'opened',
    (error: unknown) => String(error),
  );

describe('WebSocket source', () => {
  it('WebSocket source numbers what it tells', async () => {
    const { texts, numbers } = await open();
    demo.control('socket', { action: 'burst', count: 500 });
    await vi.waitUntil(() => texts.length === 500);
    expect(numbers()).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
    expect(texts.map((text) => JSON.parse(text) as unknown)).toEqual(demo.socket.record.after(0));
    expect(JSON.parse(texts[0] ?? '')).toEqual({ n: 1, running: expect.any(Number), line: expect.any(String) });
  });

  it('WebSocket source echoes to the sender only, in order', async () => {
    const sender = await open();
    const other = await open();
    for (const text of ['one', '', 'größer 雪', '{"n":1}']) sender.client.send(text);
    await vi.waitUntil(() => sender.texts.length === 4);
    demo.control('socket', { action: 'burst', count: 1 });
    await vi.waitUntil(() => other.texts.length === 1);
    expect(sender.texts.slice(0, 4).map((text) => JSON.parse(text) as unknown)).toEqual([
      { n: 1, echo: 'one' },
      { n: 2, echo: '' },
      { n: 3, echo: 'größer 雪' },
      { n: 4, echo: '{"n":1}' },
    ]);
    expect(other.numbers()).toEqual([5]);
    expect(demo.socket.received).toEqual(['one', '', 'größer 雪', '{"n":1}']);
    expect(demo.state.socket).toMatchObject({ received: 4, connections: { now: 2, total: 2 } });
  });

  it('WebSocket source tells at the rate it is set to', async () => {
    const { numbers } = await open();
    demo.control('socket', { action: 'rate', perSecond: 200 });
    await vi.waitUntil(() => numbers().length >= 20);
    expect(numbers().slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  it('WebSocket source drops at stop, refuses, and comes back', async () => {
    const { closed } = await open();
    demo.control('socket', 'stop');
    expect(await closed).toBe(1006);
    expect(await refusal()).toContain('503');
    demo.control('socket', { action: 'fail', status: 401 });
    expect(await refusal()).toContain('401');
    demo.control('socket', 'return');
    expect(await refusal()).toBe('opened');
    expect(demo.state.socket).toMatchObject({ requests: 4, connections: { total: 2 } });
  });

  it('WebSocket source says goodbye with the code it is told', async () => {
    const { closed } = await open();
    demo.control('socket', { action: 'stop', closeCode: 1012 });
    expect(await closed).toBe(1012);
  });

  it('WebSocket source sends nothing while silent, and its numbers show the gap', async () => {
    demo.control('socket', 'silent');
    const { client, numbers } = await open();
    client.send('lost');
    await vi.waitUntil(() => demo.state.socket.received === 1);
    demo.control('socket', { action: 'burst', count: 3 });
    demo.control('socket', 'return');
    demo.control('socket', { action: 'burst', count: 1 });
    await vi.waitUntil(() => numbers().length > 0);
    expect(numbers()).toEqual([5]);
  });

  it('WebSocket source sends nonsense and goes on', async () => {
    const { texts, client } = await open();
    demo.control('socket', { action: 'nonsense', lineBytes: 1_000_000 });
    demo.control('socket', { action: 'burst', count: 1 });
    await vi.waitUntil(() => texts.length === 9);
    expect(texts.map((text) => text.length)).toContain(1_000_000);
    expect(texts.find((text) => text.includes(SPLIT_LINE))).toBe(JSON.stringify(demo.socket.record.after(0)[0]));
    expect(texts.at(-1)).toBe(JSON.stringify(demo.socket.record.after(1)[0]));
    expect(client.readyState).toBe(WebSocket.OPEN);
  });

  it('WebSocket source drops and counts from 1 again when it restarts', async () => {
    const before = await open();
    demo.control('socket', { action: 'burst', count: 5 });
    await vi.waitUntil(() => before.texts.length === 5);
    demo.control('socket', 'restart');
    await before.closed;
    const after = await open();
    demo.control('socket', { action: 'burst', count: 1 });
    await vi.waitUntil(() => after.texts.length === 1);
    expect(after.numbers()).toEqual([1]);
  });

  it('WebSocket source closes who sends bytes or too much, and serves the others', async () => {
    const bytes = await open();
    const long = await open();
    const other = await open();
    bytes.client.send(Buffer.from([1, 2, 3]));
    long.client.send('x'.repeat(64 * 1024 + 1));
    expect(await Promise.all([bytes.closed, long.closed])).toEqual([1003, 1009]);
    other.client.send('still here');
    await vi.waitUntil(() => other.texts.length === 1);
  });
});
