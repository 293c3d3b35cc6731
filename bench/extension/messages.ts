/** What the background and the content script of the measuring extension say to each other on the port `bench`. */

/**
 * A way to bring updates from the background to a page. `put` is a raw port after IndexedDB; `state` and `event` are Tidings'
 * stream with one feed of that kind.
 */
export type Contender = 'raw' | 'put' | 'polling' | 'state' | 'event';

/** The value of every update that is measured. `n` counts from 1 over all contenders. */
export interface Value {
  n: number;
  line: string;
}

/** An update as contenders other than Tidings send it: the same fields. */
export interface PlainUpdate {
  seq: number;
  at: number;
  value: Value;
}

/** The first message of a raw port: what is told from now on comes. Without it a port that opened late would miss the beginning. */
export const READY = 'ready';

/** Begin to receive by this contender; each `reportEvery`-th update from number `first` on is reported. */
export interface Open {
  type: 'open';
  contender: Contender;
  /** Tidings: interval of the stream in ms. Polling: time between two questions in ms. */
  everyMs: number;
  first: number;
  reportEvery: number;
}

export type ToContent = Open | { type: 'close' };

/** What the page has applied since it was opened. */
export interface Applied {
  /** Number of the last update. */
  n: number;
  count: number;
  /** Each update followed on the one before, the first on `first`. */
  isInOrder: boolean;
  /** When the last was applied, epoch ms with fractions, by the page's clock. */
  at: number;
}

export type ToBench = { type: 'opened' } | ({ type: 'applied' } & Applied) | ({ type: 'closed' } & Applied);

/** What the content script of another page asks for by `runtime.sendMessage`: the updates after the first `after`. */
export interface Question {
  after: number;
}

/** Epoch ms with fractions, from a clock that does not jump. */
export const clock = (): number => performance.timeOrigin + performance.now();
