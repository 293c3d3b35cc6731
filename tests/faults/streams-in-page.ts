/** Put into a page of the extension by the driver: the product's own subscriber, as often as it is asked for, and nothing else. */
import type { Port } from '../../utils/stream/port';
import { PORT_NAME } from '../../utils/stream/protocol';
import { createSubscriber } from '../../utils/stream/subscriber';

interface ExtensionApi {
  runtime: { id?: string; connect(info: { name: string }): Port };
}

/** For each stream: since when it is live, epoch ms; `null` while it is not. */
export const liveAt: (number | null)[] = [];

/** Opens one more stream. */
export function openStream(): void {
  const index = liveAt.push(null) - 1;
  const { browser, chrome } = window as unknown as { browser?: ExtensionApi; chrome: ExtensionApi };
  const { runtime } = browser ?? chrome;
  createSubscriber({
    connect: () => runtime.connect({ name: PORT_NAME }),
    isValid: () => runtime.id !== undefined,
    page: window,
    onStream({ name }) {
      liveAt[index] = name === 'live' ? Date.now() : null;
    },
    onFeeds: () => undefined,
    onBatch: () => undefined,
    onStatus: () => undefined,
    signal: new AbortController().signal,
  });
}
