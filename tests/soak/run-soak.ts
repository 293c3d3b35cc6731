import { setTimeout as delay } from 'node:timers/promises';
import type { BrowserName } from '../browser/driver/test-browser.ts';
import { catchUp } from './catch-up.ts';
import { cutIntoThirds } from './flatness.ts';
import { calm, measure, type Measured } from './measure.ts';
import { createLanes, type Lane } from './lanes.ts';
import { createStage } from './stage.ts';
import type { FeedTotal } from './totals.ts';

export interface SoakOptions {
  browser: BrowserName;
  /** From 3 on. */
  minutes: number;
  seed: number;
  /** Ends it with the minute that is under way. */
  signal: AbortSignal;
  onMinute(minute: number, measured: Measured): void;
  onFailure(text: string): void;
}

export interface SoakResult {
  version: string;
  /** One a minute. */
  measured: Measured[];
  /** How often each fault happened. */
  faults: ReadonlyMap<string, number>;
  feeds: ReadonlyMap<string, FeedTotal>;
  documents: number;
  evicted: number;
  /** What the product did not survive, and what the browser reported. */
  failures: string[];
}

/** Of each minute; the rest is for what comes late, the quiet after it and the measuring. */
const FAULTS_MS = 40_000;
const MINUTE_MS = 60_000;
/** What measuring takes. */
const MEASURING_MS = 5_000;

/** What a browser itself reports of a request that failed, also of one to the sources of `npm start`, before there are others. */
const BY_THE_FAULTS =
  /net::ERR_|blocked by CORS policy|Failed to load resource|Error during WebSocket handshake|can’t establish a connection|was interrupted while the page was loading|localhost:4100/;

/** Runs the product under load and faults, and measures it after each minute. */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const { browser, minutes, seed, signal } = options;
  const stage = await createStage(browser);
  const failures: string[] = [];
  const faults = new Map<string, number>();
  const measured: Measured[] = [];
  const fail = (what: string, error: unknown): void => {
    const text = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    failures.push(text);
    options.onFailure(text);
  };
  const tellFaulty = (): void => {
    for (const text of stage.totals.takeFaulty()) fail('against the record', text);
  };
  const lanes = createLanes(stage, seed);

  const runLane = async ({ random, waitMs, next }: Lane, endAt: number): Promise<void> => {
    for (;;) {
      await delay(random.between(...waitMs));
      if (performance.now() >= endAt) return;
      const { name, run, recover } = next(random);
      faults.set(name, (faults.get(name) ?? 0) + 1);
      try {
        await run();
      } catch (error) {
        fail(name, error);
        await recover().catch((again: unknown) => fail(`after "${name}"`, again));
      }
    }
  };

  // A background that was stopped begins with another heap. It is stopped in the first third but for the end of that, and
  // then lives to the end: what only a long life gathers is seen, and its logs are full before it is compared.
  const killMinutes = Math.max(1, cutIntoThirds(minutes).first - 1);
  const { sources } = stage;
  try {
    sources.run(true);
    await sources.fill();
    const startedAt = performance.now();
    for (let minute = 0; minute < minutes && !signal.aborted; minute += 1) {
      const beganAt = Math.max(performance.now(), startedAt + minute * MINUTE_MS);
      if (minute === killMinutes) await sources.fill();
      const running = minute < killMinutes ? [...lanes.always, lanes.kills] : lanes.always;
      await Promise.all(running.map((lane) => runLane(lane, beganAt + FAULTS_MS)));
      await calm(stage).catch((error: unknown) => fail('calm', error));
      await delay(Math.max(0, startedAt + (minute + 1) * MINUTE_MS - MEASURING_MS - performance.now()));
      const now = await measure(stage);
      measured.push(now);
      for (const seat of [stage.lasting, ...stage.pages]) await seat.take();
      options.onMinute(minute + 1, now);
      tellFaulty();
    }
    sources.run(false);
    for (const text of await catchUp(stage)) fail('at the end', text);
    tellFaulty();
    for (const error of new Set(await stage.browser.errors())) {
      if (!BY_THE_FAULTS.test(error)) fail('reported by the browser', error);
    }
    return {
      version: stage.browser.version,
      measured,
      faults,
      feeds: stage.totals.feeds,
      documents: stage.totals.documents,
      evicted: stage.totals.evicted,
      failures,
    };
  } finally {
    await stage.close();
  }
}
