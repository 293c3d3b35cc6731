import { browser } from 'wxt/browser';
import type { Port } from '../stream/port';

/** Opens a port to the background. @throws {Error} when the extension was updated or removed under this page */
export function openPort(name: string): Port {
  const port = browser.runtime.connect({ name });
  // [chrome] An end's cause that nobody reads is logged as an error of the extension.
  port.onDisconnect.addListener(() => browser.runtime.lastError);
  return port;
}
