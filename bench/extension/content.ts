/**
 * Content script of the measuring extension. The page's address says what it does: `?interval` and `?polling` receive for
 * as long as the page is there, and count in the document; `?show` and `?measure` do what the background says, `?driven` what the driver says.
 */
import { browser } from 'wxt/browser';
import type { Port } from '../../utils/stream/port';
import { type Applied, clock, type Contender, type Open, type ToBench, type ToContent, type Value } from './messages';
import { obeyDriver } from './driven';
import { showAsTold } from './show';
import { receivePolling, receivePort, receiveTidings, type Receive } from './receive';

const POLL_EVERY_MS = 100;

const receivers: Record<Contender, Receive> = {
  raw: receivePort('raw'),
  put: receivePort('put'),
  polling: receivePolling,
  state: receiveTidings('state'),
  event: receiveTidings('event'),
};

/** Counts what is applied, and says so to the background. */
function follow(port: Port, { contender, everyMs, first, reportEvery }: Open): () => void {
  const applied: Applied = { n: first - 1, count: 0, isInOrder: true, at: 0 };
  const ending = new AbortController();
  const post = (message: ToBench): void => port.postMessage(message);
  const apply = ({ n }: Value): void => {
    // A new viewer is shown the last updates of before.
    if (n < first) return;
    if (n !== applied.n + 1) applied.isInOrder = false;
    applied.n = n;
    applied.count += 1;
    if (applied.count % reportEvery !== 0) return;
    applied.at = clock();
    post({ type: 'applied', ...applied });
  };
  receivers[contender]({ everyMs, apply, onOpen: () => post({ type: 'opened' }), signal: ending.signal });
  return () => {
    ending.abort();
    post({ type: 'closed', ...applied });
  };
}

function obey(): void {
  const port: Port = browser.runtime.connect({ name: 'bench' });
  let close = (): void => {};
  port.onMessage.addListener((raw) => {
    const message = raw as ToContent;
    if (message.type === 'open') close = follow(port, message);
    else close();
  });
}

function count(receive: Receive): void {
  const { dataset } = document.documentElement;
  browser.runtime.connect({ name: 'tick' });
  let received = 0;
  const apply = (): void => {
    received += 1;
    dataset['received'] = String(received);
  };
  receive({ everyMs: POLL_EVERY_MS, apply, onOpen: () => {}, signal: new AbortController().signal });
}

if (location.search === '?measure') obey();
if (location.search === '?interval') count(receivePort('interval'));
if (location.search === '?polling') count(receivePolling);
if (location.search.startsWith('?show')) showAsTold();
if (location.search.startsWith('?driven')) obeyDriver();
