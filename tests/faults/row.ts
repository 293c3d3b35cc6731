import type { BrowserName, LaunchOptions } from '../browser/driver/test-browser.ts';
import type { Instruments } from './copy-build.ts';
import type { World } from './world.ts';

/** How the fault is brought about in a browser, or why it cannot be there. */
export type Way = { how: string } | { cannot: string };

/** So many runs, or as many as fit into a time. */
export type Amount = number | { minutes: number };

/** A browser of its own for a row: one that it breaks, or that needs another build. */
export interface OwnBrowser {
  /** Asked when the browser is launched. */
  instruments?: (browser: BrowserName) => Instruments;
  prefs?: NonNullable<LaunchOptions['prefs']>;
  /** It waits most of the time, and runs beside the other rows. */
  isPatient?: true;
}

/** One fault that Tidings survives. */
export interface FaultRow {
  number: number;
  fault: string;
  /** What must hold. */
  holds: string;
  browsers: Record<BrowserName, Way>;
  /** In `npm test`, and in `npm run faults`. */
  runs: { short: Amount; long: Amount };
  /** Default: the browser that rows share, one after the other. */
  own?: OwnBrowser;
  /** In `npm run faults`, the median time to the next update must be within this, in ms. Default: it is told, and no more. */
  recoversWithinMs?: number;
  /** Errors that the fault itself makes the browser report. Default: none is allowed. */
  mayReport?: RegExp;
  /** Brings the fault about once in each of `runs`, and throws when what must hold does not. */
  induce(world: World, runs: Iterable<number>): Promise<void>;
}

/** The same way in both browsers. */
export const both = (how: string): FaultRow['browsers'] => ({ chromium: { how }, firefox: { how } });

/** Whether the fault can be brought about in this browser. */
export const canInduce = ({ browsers }: FaultRow, name: BrowserName): boolean => 'how' in browsers[name];
