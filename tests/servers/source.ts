import type { Action } from './action.ts';
import type { Mode } from './mode.ts';

/** A source as `GET /state` and the tests see it. */
export interface SourceState {
  mode: Mode['name'] | 'nonsense';
  /** The status new connections are refused with, or null. */
  status: number | null;
  perSecond: number;
  /** Number of the newest thing told. */
  newest: number;
  /** Accepted ones: open ones, and all since the start. For JSON one is a request that is not answered yet. */
  connections: { now: number; total: number };
  /** All requests, refused ones too; preflights are not counted. */
  requests: number;
}

/** What every source can be asked. */
export interface Source {
  readonly state: SourceState;
  control(action: Action): void;
  /** Ends every connection and timer, for good. */
  close(): void;
}
