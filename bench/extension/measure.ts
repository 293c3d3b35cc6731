/**
 * Measures one contender at a time, together with the content script at the other end of the port `bench`. All times but
 * `appliedAt` are by the background's clock: what the page has applied is told over that port, which is a raw one.
 */
import type { AcceptedPort } from '../../utils/stream/port';
import { tell } from './in-process-socket';
import { type Applied, clock, type Contender, type Open, type ToBench, type ToContent } from './messages';

/** How long a contender that was just opened is left alone, in ms. */
const SETTLE_MS = 400;
/** After this time an update, or what remains of a burst, counts as lost, in ms. */
const LIMIT_MS = 10_000;
/** How long the page is given for updates that come twice, in ms. */
const EXTRA_MS = 250;
/** The text in each update that is measured. */
export const LINE = 'compiled 18 of 214 modules in packages/api';

/** One update: when the background got it, when the page applied it, when the background heard of that. Epoch ms. */
export interface UpdateSample {
  sentAt: number;
  appliedAt: number;
  answeredAt: number;
}

export interface BurstSample {
  /** From the first update to hearing that the page applied the last, in ms; `null`: it did not. */
  ms: number | null;
  count: number;
  isInOrder: boolean;
}

export interface Measure {
  accept(port: AcceptedPort): void;
  /** Tells single updates, each after a quiet time of `quietMs` and up to half as much again. Rejects when one is lost. */
  update(contender: Contender, options: { everyMs: number; count: number; quietMs: number }): Promise<UpdateSample[]>;
  /** Tells `count` updates in as many tasks. */
  burst(contender: Contender, options: { everyMs: number; count: number; tasks: number }): Promise<BurstSample>;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A turn of the event loop; a timer would wait 4 ms when used often. */
const nextTask = (): Promise<void> => {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(null);
  });
};

export function createMeasure(addresses: Readonly<Record<Contender, string>>): Measure {
  let page: AcceptedPort | null = null;
  let last = 0;
  let awaited: { type: ToBench['type']; resolve: (message: ToBench | null) => void } | null = null;

  const post = (message: ToContent): void => page?.postMessage(message);

  /** The next message of this type, or `null` when none comes in time. */
  async function next(type: ToBench['type']): Promise<Applied | null> {
    const { promise, resolve } = Promise.withResolvers<ToBench | null>();
    awaited = { type, resolve };
    const timer = setTimeout(resolve, LIMIT_MS, null);
    const message = await promise;
    clearTimeout(timer);
    return message === null || message.type === 'opened' ? null : message;
  }

  async function open(options: Omit<Open, 'type' | 'first'>): Promise<void> {
    const opened = next('opened');
    post({ type: 'open', first: last + 1, ...options });
    await opened;
    await sleep(SETTLE_MS);
  }

  async function close(): Promise<Applied | null> {
    const closed = next('closed');
    post({ type: 'close' });
    return closed;
  }

  const nextText = (): string => {
    last += 1;
    return JSON.stringify({ n: last, line: LINE });
  };

  return {
    accept(port) {
      page = port;
      port.onMessage.addListener((message) => {
        const told = message as ToBench;
        if (told.type === awaited?.type) awaited.resolve(told);
      });
    },
    async update(contender, { everyMs, count, quietMs }) {
      await open({ contender, everyMs, reportEvery: 1 });
      const samples: UpdateSample[] = [];
      for (let i = 0; i < count; i += 1) {
        await sleep(quietMs * (1 + Math.random() / 2));
        const text = nextText();
        const applied = next('applied');
        const sentAt = clock();
        tell(addresses[contender], [text]);
        const answer = await applied;
        const answeredAt = clock();
        if (answer?.n !== last) throw new Error(`Cannot measure "${contender}": update ${last} was not applied`);
        samples.push({ sentAt, appliedAt: answer.at, answeredAt });
      }
      await close();
      return samples;
    },
    async burst(contender, { everyMs, count, tasks }) {
      await open({ contender, everyMs, reportEvery: count });
      const texts = Array.from({ length: count }, nextText);
      const size = Math.ceil(count / tasks);
      const whole = next('applied');
      const startedAt = clock();
      for (let from = 0; from < count; from += size) {
        tell(addresses[contender], texts.slice(from, from + size));
        if (tasks > 1) await nextTask();
      }
      const isWhole = (await whole) !== null;
      const ms = clock() - startedAt;
      await sleep(EXTRA_MS);
      const applied = await close();
      return { ms: isWhole ? ms : null, count: applied?.count ?? 0, isInOrder: applied?.isInOrder ?? false };
    },
  };
}
