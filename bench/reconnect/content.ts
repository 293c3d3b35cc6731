/** The plain way to outlive a background: a raw port that is opened again a second after it is gone. */
import { browser } from 'wxt/browser';
import { recordApplied } from '../../entrypoints/updates.content/record-applied';

const KNOWN = { continues: true, confirmedAt: null };
const RECONNECT_MS = 1_000;

function connect(): void {
  const port = browser.runtime.connect({ name: `${location.origin}/events` });
  port.onMessage.addListener((n) => {
    const update = { seq: n as number, at: 0, value: n as number };
    recordApplied([{ feed: 'numbers', epoch: '', updates: [update], merged: 0, lost: 0, ...KNOWN }]);
  });
  port.onDisconnect.addListener(() => setTimeout(connect, RECONNECT_MS));
}

connect();
