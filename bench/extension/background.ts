/** Background of the measuring extension: serves all contenders, and measures when `measure` is called. */
import { browser } from 'wxt/browser';
import { createPace } from '../../tests/servers/pace.ts';
import type { AcceptedPort } from '../../utils/stream/port';
import {
  createPlain,
  POLLING_ADDRESS,
  PUT_ADDRESS,
  RAW_ADDRESS,
  serveInterval,
  servePolling,
  servePut,
  serveRaw,
} from './contenders';
import { tell } from './in-process-socket';
import { createMeasure, LINE, type Measure } from './measure';
import type { Contender } from './messages';
import { createShow, type Show } from './show';
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
const addresses: Record<Contender, string> = {
  raw: RAW_ADDRESS,
  put: PUT_ADDRESS,
  polling: POLLING_ADDRESS,
  state: addressOf('state'),
  event: addressOf('event'),
};
const measure = createMeasure(addresses);
const showing = createShow({ interval: addresses.raw, polling: addresses.polling, stream: addresses.state });
const acceptPlain = createPlain();

/** As if each port had a document of its own: a page stands for many. */
const inOwnDocument = (port: AcceptedPort): AcceptedPort => ({
  name: port.name,
  sender: { ...port.sender, documentId: crypto.randomUUID() },
  onMessage: port.onMessage,
  onDisconnect: port.onDisconnect,
  postMessage: (message) => port.postMessage(message),
  disconnect: () => port.disconnect(),
});

let paced = 0;
/** Where the paced updates are told. */
let pacedAt = '';
const pace = createPace(0, (count) => {
  const texts = Array.from({ length: count }, () => JSON.stringify({ n: ++paced, line: LINE }));
  tell(pacedAt, texts);
});

/** Tells `perSecond` updates at the address of a contender from now on. Returns how many were told so far. */
function setPace(contender: Contender, perSecond: number): number {
  pacedAt = addresses[contender];
  pace.set(perSecond);
  return paced;
}

let ticking: ReturnType<typeof setInterval> | undefined;

const serve: Record<string, (port: AcceptedPort) => void> = {
  raw: serveRaw,
  put: (port) => void servePut(port),
  interval: serveInterval,
  state: tidings.state.accept,
  event: tidings.event.accept,
  many: (port) => tidings.state.accept(inOwnDocument(port)),
  plain: acceptPlain,
  bench: measure.accept,
  show: showing.accept,
  // Some page receives for as long as it is there: from now on there is something to receive.
  tick: () => (ticking ??= setInterval(tick, TICK_MS)),
};

servePolling();
browser.runtime.onConnect.addListener((port) => serve[port.name]?.(port));

declare global {
  /** For the driver. */
  var bench: Pick<Measure, 'update' | 'burst'> & Pick<Show, 'show'> & { setPace: typeof setPace };
}

globalThis.bench = { ...measure, show: showing.show, setPace };
