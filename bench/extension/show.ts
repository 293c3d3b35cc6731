/** Pages that show what they receive: the background says by which contender, and all change over together. */
import { browser } from 'wxt/browser';
import type { AcceptedPort, Port } from '../../utils/stream/port';
import { tell } from './in-process-socket';
import { receivePolling, receivePort, receiveTidings, type Receive } from './receive';

/**
 * What shows: a raw port with an interval each, polling, Tidings' stream without its panel, and a timer of the page, to which
 * no extension says anything.
 */
export type ShownBy = 'interval' | 'polling' | 'stream' | 'timer';

/** Interval of every contender, and of the updates themselves, in ms. */
const EVERY_MS = 100;

const receivers: Record<ShownBy, Receive> = {
  interval: receivePort('interval'),
  polling: receivePolling,
  stream: receiveTidings('state'),
  timer: ({ apply, signal }) => {
    let n = 0;
    const timer = setInterval(() => apply({ n: ++n, line: '' }, 0), EVERY_MS);
    signal.addEventListener('abort', () => clearInterval(timer));
  },
};

interface Order {
  by: ShownBy | null;
}

export interface Show {
  accept(port: AcceptedPort): void;
  /** From now on all pages receive and show ten updates a second by this contender; `null`: none. */
  show(by: ShownBy | null): void;
}

/** The background's end. `addresses`: where the source of a contender is told its updates. */
export function createShow(addresses: Readonly<Record<Exclude<ShownBy, 'timer'>, string>>): Show {
  const ports = new Set<AcceptedPort>();
  let timer: ReturnType<typeof setInterval> | undefined;
  let n = 0;
  return {
    accept(port) {
      ports.add(port);
      port.onDisconnect.addListener(() => ports.delete(port));
    },
    show(by) {
      clearInterval(timer);
      for (const port of ports) port.postMessage({ by } satisfies Order);
      if (by === null || by === 'timer') return;
      timer = setInterval(() => {
        n += 1;
        tell(addresses[by], [JSON.stringify({ n, line: 'tick' })]);
      }, EVERY_MS);
    },
  };
}

/** The page's end: one text, written anew with each update. */
export function showAsTold(): void {
  const text = document.createElement('p');
  text.id = 'shown';
  text.style.cssText = 'position: fixed; right: 16px; bottom: 16px; margin: 0; font: 20px system-ui';
  document.body.append(text);
  let ending = new AbortController();
  const port: Port = browser.runtime.connect({ name: 'show' });
  port.onMessage.addListener((order) => {
    const { by } = order as Order;
    ending.abort();
    ending = new AbortController();
    const apply = ({ n }: { n: number }): void => {
      text.textContent = String(n);
    };
    if (by) receivers[by]({ everyMs: EVERY_MS, apply, onOpen: () => {}, signal: ending.signal });
  });
}
