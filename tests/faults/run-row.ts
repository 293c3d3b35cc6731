import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { launchBrowser } from '../browser/driver/launch-browser.ts';
import type { BrowserName } from '../browser/driver/test-browser.ts';
import { copyBuild } from './copy-build.ts';
import { faultsSeed, SEED_VARIABLE } from './faults-seed.ts';
import type { Amount, FaultRow, OwnBrowser } from './row.ts';
import { createTally, type Tally } from './tally.ts';
import { createWorld, type Host } from './world.ts';

/** What came of a row in a browser. `failure`: what did not hold, or `null`. */
export interface RowResult {
  row: FaultRow;
  browser: BrowserName;
  /** Of the browser; empty when it did not start. */
  version: string;
  tally: Tally;
  failure: Error | null;
  tookMs: number;
}

/** Launches a browser with a copy of the `test` build. */
export async function launchHost(name: BrowserName, { instruments, prefs }: OwnBrowser = {}): Promise<Host> {
  const extensionDir = await copyBuild(name, instruments?.(name));
  const forget = (): Promise<void> => rm(extensionDir, { recursive: true, force: true });
  try {
    const browser = await launchBrowser(name, { extensionDir, ...(prefs && { prefs }) });
    const host: Host = {
      browser,
      async close() {
        await host.browser.close();
        await forget();
      },
    };
    return host;
  } catch (error) {
    await forget();
    throw error;
  }
}

/**
 * What a browser itself reports of a request that failed; no extension can keep it from that. The first request of all is
 * for the sources of `npm start`, before a row has configured its own.
 */
const FAILED_REQUEST =
  /net::ERR_|blocked by CORS policy|Failed to load resource|can’t establish a connection|was interrupted while the page was loading|localhost:4100/;

function* count(amount: Amount, tally: Tally): Generator<number> {
  const endAt = typeof amount === 'number' ? Infinity : performance.now() + amount.minutes * 60_000;
  const runs = typeof amount === 'number' ? amount : Infinity;
  for (let run = 0; run < runs && performance.now() < endAt; run += 1) {
    yield run;
    tally.runs += 1;
  }
}

/** Runs a row in a browser that is there. */
export async function runRow(row: FaultRow, host: Host, amount: Amount): Promise<RowResult> {
  const tally = createTally();
  const startedAt = performance.now();
  let failure: Error | null = null;
  try {
    const before = new Set(await host.browser.errors());
    const world = await createWorld(host, tally);
    try {
      await row.induce(world, count(amount, tally));
    } finally {
      await world.close();
    }
    const isNews = (text: string): boolean =>
      !before.has(text) && !FAILED_REQUEST.test(text) && !row.mayReport?.test(text);
    // Also what the end of streaming pages leaves behind.
    const errors = [...world.earlierErrors, ...(await host.browser.errors())];
    assert.deepEqual(errors.filter(isNews), [], 'errors that the browser reports');
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    failure = new Error(`${SEED_VARIABLE}=${faultsSeed()}: ${words}`, { cause: error });
  }
  return {
    row,
    browser: host.browser.name,
    version: host.browser.version,
    tally,
    failure,
    tookMs: performance.now() - startedAt,
  };
}

/** A browser that rows share. One in which a row failed is not used again. */
export interface SharedBrowser {
  run(row: FaultRow, amount: Amount): Promise<RowResult>;
  close(): Promise<void>;
}

/** Nothing is launched before the first row. */
export function createSharedBrowser(name: BrowserName): SharedBrowser {
  let host: Host | null = null;
  const close = async (): Promise<void> => {
    await host?.close();
    host = null;
  };
  return {
    async run(row, amount) {
      if (row.own) {
        const own = await launchHost(name, row.own);
        const result = await runRow(row, own, amount);
        await own.close();
        return result;
      }
      host ??= await launchHost(name);
      const result = await runRow(row, host, amount);
      if (result.failure) await close();
      return result;
    },
    close,
  };
}
