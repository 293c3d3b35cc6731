/**
 * A page that the driver tells what to do. An order is an event at the document; what the order needs stands in
 * `data-order` of the root element, what came of it in `data-tally`.
 */
import { receivePort, receiveTidings, type Receive } from './receive';

/** Ways to receive. `many` is the stream of the state feed with no limit of ports; `plain` an interval over one source for all. */
export type Driven = 'raw' | 'state' | 'event' | 'many' | 'plain';

export interface Order {
  by: Driven;
  /** Receivers to open. */
  count: number;
}

/** What all receivers of the page together have got since they were opened. */
export interface Tally {
  opened: number;
  applied: number;
  /** Of the receiver that is furthest. */
  newest: number;
  /** Updates that did not follow on the one before, of any receiver. Of a state feed those are what it merged. */
  jumps: number;
  /** Updates that came twice, or after a newer one. */
  backward: number;
  /** From the end of a block to the first update that the background got after it, in ms; `null`: not yet. */
  caughtUpMs: number | null;
}

const receivers: Record<Driven, Receive> = {
  raw: receivePort('raw'),
  plain: receivePort('plain'),
  state: receiveTidings('state'),
  event: receiveTidings('event'),
  many: receiveTidings('many'),
};

const EVERY_MS = 100;

export function obeyDriver(): void {
  const { dataset } = document.documentElement;
  let ending = new AbortController();
  let tally: Tally;
  let blockedUntil = Infinity;

  const receive = (by: Driven): void => {
    let last: number | null = null;
    const apply = ({ n }: { n: number }, at: number): void => {
      tally.applied += 1;
      tally.newest = Math.max(tally.newest, n);
      if (last !== null && n <= last) tally.backward += 1;
      else if (last !== null && n !== last + 1) tally.jumps += 1;
      last = n;
      // By the clock that background and page have in common, which counts whole ms.
      if (at > blockedUntil) tally.caughtUpMs ??= Date.now() - blockedUntil;
    };
    const onOpen = (): void => {
      tally.opened += 1;
    };
    receivers[by]({ everyMs: EVERY_MS, apply, onOpen, signal: ending.signal });
  };

  const orders = {
    'bench-open': () => {
      const { by, count } = JSON.parse(dataset['order'] ?? '') as Order;
      ending = new AbortController();
      tally = { opened: 0, applied: 0, newest: 0, jumps: 0, backward: 0, caughtUpMs: null };
      for (let i = 0; i < count; i += 1) receive(by);
    },
    'bench-close': () => ending.abort(),
    'bench-tally': () => {
      dataset['tally'] = JSON.stringify(tally);
    },
    'bench-block': () => {
      const end = performance.now() + Number(dataset['order']);
      while (performance.now() < end);
      blockedUntil = Date.now();
    },
  };
  for (const [name, obey] of Object.entries(orders)) document.addEventListener(name, obey);
  dataset['obeys'] = '';
}
