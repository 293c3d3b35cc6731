import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPatientSend, OPEN_LIMIT_MS } from '../../../utils/conversation/patient-send';
import type { Upstream } from '../../../utils/conversation/responder';
import type { SendResult } from '../../../utils/feeds/source';

const ACCEPTED: SendResult = { ok: true };
const NOT_OPEN: SendResult = { ok: false, reason: 'not-open' };

function createBench() {
  const open = new Set<string>();
  const taken: string[] = [];
  const hub = vi.fn<(...parameters: Parameters<Upstream['send']>) => SendResult>((feedId, text, { isPrivate }) => {
    if (!open.has(isPrivate ? `private ${feedId}` : feedId)) return NOT_OPEN;
    taken.push(text);
    return ACCEPTED;
  });
  const send = createPatientSend(hub, (delayMs, run) => setTimeout(run, delayMs));
  const results: string[] = [];
  return {
    open,
    taken,
    hub,
    results,
    send(feedId: string, text: string, isPrivate = false) {
      void send(feedId, text, { isPrivate }).then((result) =>
        results.push(`${text}: ${result.ok ? 'accepted' : result.reason}`),
      );
    },
  };
}

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('patient send', () => {
  it('hands a text over at once when the connection is open, and leaves no timer', async () => {
    const bench = createBench();
    bench.open.add('builds');
    bench.send('builds', 'deploy');
    await pass(0);
    expect(bench.results).toEqual(['deploy: accepted']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits for the connection to open, then hands the text over once', async () => {
    const bench = createBench();
    bench.send('builds', 'deploy');
    await pass(1_000);
    expect(bench.results).toEqual([]);
    bench.open.add('builds');
    await pass(100);
    expect(bench.results).toEqual(['deploy: accepted']);
    await pass(OPEN_LIMIT_MS);
    expect(bench.taken).toEqual(['deploy']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives up after 3 s, each text counted from when it came', async () => {
    const bench = createBench();
    bench.send('builds', 'one');
    await pass(1_000);
    bench.send('builds', 'two');
    await pass(1_999);
    expect(bench.results).toEqual([]);
    await pass(1);
    expect(bench.results).toEqual(['one: not-open']);
    await pass(1_000);
    expect(bench.results).toEqual(['one: not-open', 'two: not-open']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each(['unknown-feed', 'not-a-websocket', 'too-much-waiting'])(
    'does not wait when the reason is %s',
    async (reason) => {
      const bench = createBench();
      bench.hub.mockReturnValue({ ok: false, reason });
      bench.send('builds', 'deploy');
      await pass(0);
      expect(bench.results).toEqual([`deploy: ${reason}`]);
    },
  );

  it('stops waiting when the feed is removed', async () => {
    const bench = createBench();
    bench.send('builds', 'deploy');
    await pass(500);
    bench.hub.mockReturnValue({ ok: false, reason: 'unknown-feed' });
    await pass(100);
    expect(bench.results).toEqual(['deploy: unknown-feed']);
  });

  it('lets no text of another feed wait', async () => {
    const bench = createBench();
    bench.open.add('chat');
    bench.send('builds', 'deploy');
    bench.send('chat', 'hello');
    await pass(0);
    expect(bench.results).toEqual(['hello: accepted']);
  });

  it('lets no text wait for one of a private window, which has connections of its own', async () => {
    const bench = createBench();
    bench.open.add('private builds');
    bench.send('builds', 'deploy');
    bench.send('builds', 'secret', true);
    await pass(0);
    expect(bench.results).toEqual(['secret: accepted']);
  });

  it('keeps the order of a feed and answers every text, whenever the connection opens and closes', async () => {
    const step = fc.record({ waitMs: fc.nat({ max: 1_500 }), does: fc.constantFrom('send', 'send', 'open', 'close') });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const bench = createBench();
        let sent = 0;
        for (const { waitMs, does } of steps) {
          if (does === 'send') bench.send('builds', `${(sent += 1)}`);
          else if (does === 'open') bench.open.add('builds');
          else bench.open.delete('builds');
          await pass(waitMs);
        }
        await pass(OPEN_LIMIT_MS);
        expect(bench.results.map((result) => Number.parseInt(result, 10))).toEqual(
          Array.from({ length: sent }, (_, index) => index + 1),
        );
        const accepted = bench.results.filter((result) => result.endsWith('accepted'));
        expect(bench.taken).toEqual(accepted.map((result) => `${Number.parseInt(result, 10)}`));
        expect(vi.getTimerCount()).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});
