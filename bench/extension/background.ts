/** Background of the measuring extension: serves all contenders, and measures when `measure` is called. */
import { browser } from 'wxt/browser';
import type { AcceptedPort } from '../../utils/stream/port';
import { POLLING_ADDRESS, RAW_ADDRESS, serveInterval, servePolling, serveRaw } from './contenders';
import { tell } from './in-process-socket';
import { createMeasure, type Measure } from './measure';
import { addressOf, createTidings } from './tidings';

/** Updates of the source that needs no measuring: ten a second. */
const TICK_MS = 100;

let ticks = 0;

function tick(): void {
  ticks += 1;
  const text = JSON.stringify({ n: ticks, line: 'tick' });
  tell(RAW_ADDRESS, [text]);
  tell(POLLING_ADDRESS, [text]);
}

const tidings = createTidings();
const measure = createMeasure({
  raw: RAW_ADDRESS,
  polling: POLLING_ADDRESS,
  state: addressOf('state'),
  event: addressOf('event'),
});
let ticking: ReturnType<typeof setInterval> | undefined;

const serve: Record<string, (port: AcceptedPort) => void> = {
  raw: serveRaw,
  interval: serveInterval,
  state: tidings.state.accept,
  event: tidings.event.accept,
  bench: measure.accept,
  // Some page receives for as long as it is there: from now on there is something to receive.
  tick: () => (ticking ??= setInterval(tick, TICK_MS)),
};

servePolling();
browser.runtime.onConnect.addListener((port) => serve[port.name]?.(port));

declare global {
  /** For the driver. */
  var bench: Pick<Measure, 'update' | 'burst'>;
}

globalThis.bench = measure;
