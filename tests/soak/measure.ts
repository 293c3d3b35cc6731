import { setTimeout as delay } from 'node:timers/promises';
import { median } from '../../bench/statistics.ts';
import { waitFor } from '../browser/driver/wait-for.ts';
import { backgroundCounts } from './background-counts.ts';
import { connectConversation } from './panel-faults.ts';
import type { SoakSources } from './sources.ts';
import { PAGES, type Stage } from './stage.ts';

/** What is measured after each minute. Heaps in bytes, `null` where the browser tells them to nobody. */
export interface Measured {
  background: number | null;
  page: number | null;
  connections: number;
  /** The fewest and the most at once in a few seconds. */
  fewestTimers: number;
  mostTimers: number;
  ports: number;
}

const SAMPLES = 7;
const BETWEEN_SAMPLES_MS = 500;
/** The background's sources linger 5 s, and a retry waits longer than that now and then. */
const LIMIT_MS = 90_000;
const CALM_MS = 5_000;

/** A port for each page, and two for each panel: its stream and its conversation. */
const PORTS = PAGES + 4;
/** Sources that keep a connection open; the fourth is asked once a second. */
const CONNECTIONS = 3;

const openConnections = ({ fast, steady }: SoakSources): number =>
  fast.state.events.connections.now + fast.state.socket.connections.now + steady.state.events.connections.now;

/** Waits until all is as it should be without faults. @throws {Error} with what is not, when that takes too long */
export async function calm({ browser, sources, panels }: Stage): Promise<void> {
  await Promise.all(panels.map(({ window }) => connectConversation(window.page)));
  await waitFor(
    'the background to hold what it should',
    async () => {
      const { ports } = await backgroundCounts(browser.extension);
      const connections = openConnections(sources);
      if (ports === PORTS && connections === CONNECTIONS) return true;
      throw new Error(`${ports} ports of ${PORTS}, ${connections} connections of ${CONNECTIONS}`);
    },
    { limitMs: LIMIT_MS, everyMs: 500 },
  );
  await delay(CALM_MS);
}

/**
 * Measures a few times, and gives the least heaps: between a collection and the look after it a page goes on. Timers are counted
 * all the while.
 */
export async function measure({ browser, sources, lasting }: Stage): Promise<Measured> {
  const tellsHeaps = browser.name === 'chromium';
  const samples: Measured[] = [];
  // Forgets what was before.
  await backgroundCounts(browser.extension);
  for (let i = 0; i < SAMPLES; i += 1) {
    await delay(BETWEEN_SAMPLES_MS);
    samples.push({
      ...(await backgroundCounts(browser.extension)),
      background: tellsHeaps ? await browser.extension.backgroundHeapBytes() : null,
      page: tellsHeaps ? await lasting.window.page.heapBytes() : null,
      connections: openConnections(sources),
    });
  }
  const all = (key: keyof Measured): number[] => samples.map((sample) => sample[key] ?? NaN);
  return {
    background: tellsHeaps ? Math.min(...all('background')) : null,
    page: tellsHeaps ? Math.min(...all('page')) : null,
    connections: median(all('connections')),
    fewestTimers: Math.min(...all('fewestTimers')),
    mostTimers: Math.max(...all('mostTimers')),
    ports: median(all('ports')),
  };
}
