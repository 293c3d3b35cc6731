import { browser } from 'wxt/browser';
import type { Port } from '../../utils/stream/port';
import { createSubscriber } from '../../utils/stream/subscriber';
import { type PlainUpdate, type Question, READY, type Value } from './messages';

export interface ReceiveOptions {
  everyMs: number;
  /** `at`: when the background got it, epoch ms. */
  apply(value: Value, at: number): void;
  /** From now on updates come. */
  onOpen(): void;
  signal: AbortSignal;
}

/** The page's end of a contender. */
export type Receive = (options: ReceiveOptions) => void;

/** A raw port of this name. */
export const receivePort =
  (name: string): Receive =>
  ({ apply, onOpen, signal }) => {
    const port: Port = browser.runtime.connect({ name });
    port.onMessage.addListener((message) => {
      if (message === READY) return onOpen();
      const { value, at } = message as PlainUpdate;
      apply(value, at);
    });
    signal.addEventListener('abort', () => port.disconnect());
  };

/** Asks every `everyMs` by `runtime.sendMessage`. */
export const receivePolling: Receive = ({ everyMs, apply, onOpen, signal }) => {
  let after = 0;
  let isAsking = false;
  const ask = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    const updates = await browser.runtime.sendMessage<Question, PlainUpdate[]>({ after });
    isAsking = false;
    if (signal.aborted) return;
    after += updates.length;
    for (const { value, at } of updates) apply(value, at);
  };
  const timer = setInterval(() => void ask(), everyMs);
  signal.addEventListener('abort', () => clearInterval(timer));
  // What there was before is fetched once, as another contender's snapshot is.
  void ask().then(onOpen);
};

/** Tidings' own subscriber. */
export const receiveTidings =
  (name: string): Receive =>
  ({ everyMs, apply, onOpen, signal }) => {
    createSubscriber({
      connect: () => browser.runtime.connect({ name }),
      isValid: () => browser.runtime?.id !== undefined,
      page: window,
      everyMs,
      onStream: () => {},
      onFeeds: onOpen,
      onBatch: (feeds) => {
        for (const { updates } of feeds) for (const { value, at } of updates) apply(value as unknown as Value, at);
      },
      onStatus: () => {},
      signal,
    });
  };
