/**
 * Ports without a subscriber, opened by hand from a page of the extension: for messages that no subscriber sends, and for more ports
 * than pages can be opened. Each frame is a document of its own; no more than four in each, as many as a document of the web may have.
 */
import { PROTOCOL_VERSION } from '../../utils/stream/protocol.ts';
import type { TestPage } from '../browser/driver/test-browser.ts';
import type { World } from './world.ts';

const PORTS_PER_FRAME = 4;
const FRAME = 'icon/16.png';

/** What a raw port has heard. */
export interface Heard {
  /** The handshake is done. */
  started: boolean;
  /** Reason of the `CLOSE`, if there was one. */
  closed: string | null;
  /** The other end is gone. */
  disconnected: boolean;
  /** Characters of the longest message as JSON; what is sent here is ASCII. */
  longest: number;
  /** Updates of each feed. */
  updates: Record<string, number>;
}

interface RawPort {
  port: {
    postMessage(message: unknown): void;
    disconnect(): void;
    onMessage: { addListener(listener: (message: RawMessage) => void): void };
    onDisconnect: { addListener(listener: () => void): void };
  };
  heard: Heard;
}
interface RawMessage {
  type: string;
  reason: string;
  id: number;
  batch: number;
  feeds: { feed: string; updates: unknown[] }[];
}
interface RawWindow extends Window {
  browser?: { runtime: { connect(info: { name: string }): RawPort['port'] } };
  chrome: { runtime: { connect(info: { name: string }): RawPort['port'] } };
  rawPorts: RawPort[];
}

/** Opens a page of the extension in which nothing runs but the test. */
export async function openRawPage(world: World): Promise<TestPage> {
  const page = await world.openExtensionPage(FRAME);
  await page.evaluate(() => void Object.assign(window, { rawPorts: [] }));
  return page;
}

/**
 * Opens so many ports: in the page, or with `frames` four in each of as many frames as it takes. With `starts` each asks for
 * a batch a second, and acknowledges.
 */
export const openPorts = (
  page: TestPage,
  count: number,
  { starts, frames = false }: { starts: boolean; frames?: boolean },
): Promise<void> =>
  page.evaluate(
    async (wanted: number, perFrame: number, file: string, protocol: number, isStarted: boolean, inFrames: boolean) => {
      const top = window as unknown as RawWindow;
      const openIn = ({ browser, chrome }: RawWindow): void => {
        const port = (browser ?? chrome).runtime.connect({ name: 'updates' });
        const heard: Heard = { started: false, closed: null, disconnected: false, longest: 0, updates: {} };
        port.onMessage.addListener((message) => {
          heard.started ||= message.type === 'STARTED';
          heard.longest = Math.max(heard.longest, JSON.stringify(message).length);
          if (message.type === 'CLOSE') heard.closed = message.reason;
          if (message.type !== 'UPDATES') return;
          for (const { feed, updates } of message.feeds) {
            heard.updates[feed] = (heard.updates[feed] ?? 0) + updates.length;
          }
          if (isStarted) port.postMessage({ type: 'ACK', batch: message.batch });
        });
        port.onDisconnect.addListener(() => {
          heard.disconnected = true;
        });
        if (isStarted) {
          const streamId = Math.random().toString(36);
          port.postMessage({ type: 'START_UPDATES', protocol, streamId, everyMs: 1_000, resume: {} });
        }
        top.rawPorts.push({ port, heard });
      };
      const openFrame = async (): Promise<void> => {
        const frame = document.createElement('iframe');
        frame.src = `/${file}`;
        frame.style.cssText = 'width: 16px; height: 16px';
        const loaded = new Promise((resolve) => {
          frame.addEventListener('load', resolve);
        });
        document.body.append(frame);
        await loaded;
        for (let opened = 0; opened < perFrame && left > 0; opened += 1, left -= 1) {
          openIn(frame.contentWindow as RawWindow);
        }
      };
      let left = wanted;
      if (!inFrames) {
        for (; left > 0; left -= 1) openIn(top);
        return;
      }
      let waiting = Math.ceil(wanted / perFrame);
      // A few at a time: a background that is asked by hundreds in one moment keeps the last of them waiting.
      const openFrames = async (): Promise<void> => {
        while (waiting > 0) {
          waiting -= 1;
          await openFrame();
        }
      };
      await Promise.all(Array.from({ length: 8 }, openFrames));
    },
    count,
    PORTS_PER_FRAME,
    FRAME,
    PROTOCOL_VERSION,
    starts,
    frames,
  );

/** Posts messages on a port; on one that is closed it is no error. */
export const postOn = (page: TestPage, index: number, messages: readonly unknown[]): Promise<void> =>
  page.evaluate(
    (at: number, list: readonly unknown[]) => {
      const { rawPorts } = window as unknown as RawWindow;
      for (const message of list) {
        try {
          rawPorts[at]?.port.postMessage(message);
        } catch {
          // The background closed it meanwhile.
          return;
        }
      }
    },
    index,
    messages,
  );

/** Asks on the first port every 100 ms for so long, and tells how long each answer took, in ms; one that never came, to the end. */
export const roundTripsOn = (page: TestPage, forMs: number): Promise<number[]> =>
  page.evaluate(async (limitMs: number) => {
    const { rawPorts } = window as unknown as RawWindow;
    const port = rawPorts[0]?.port;
    if (!port) throw new Error('there is no port');
    const askedAt = new Map<number, number>();
    const trips: number[] = [];
    port.onMessage.addListener(({ type, id }) => {
      const at = type === 'PONG' ? askedAt.get(id) : undefined;
      if (at === undefined) return;
      askedAt.delete(id);
      trips.push(performance.now() - at);
    });
    const endAt = performance.now() + limitMs;
    for (let id = 1_000_000; performance.now() < endAt; id += 1) {
      askedAt.set(id, performance.now());
      port.postMessage({ type: 'PING', id });
      await new Promise((resolve) => {
        setTimeout(resolve, 100);
      });
    }
    return [...trips, ...Array.from(askedAt.values(), (at) => performance.now() - at)].map(Math.round);
  }, forMs);

/** What each port has heard, in the order in which they were opened. */
export const heardOn = (page: TestPage): Promise<Heard[]> =>
  page.evaluate(() => (window as unknown as RawWindow).rawPorts.map(({ heard }) => heard));

/** Closes all ports, and their frames. */
export const closePorts = (page: TestPage): Promise<void> =>
  page.evaluate(() => {
    const top = window as unknown as RawWindow;
    for (const { port } of top.rawPorts.splice(0)) port.disconnect();
    for (const frame of document.querySelectorAll('iframe')) frame.remove();
  });
