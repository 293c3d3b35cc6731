/**
 * Ports, pages and a background in memory: a claim about browsers. Each rule it follows is in tests/conformance/rules.ts,
 * which runs against this file, Chromium and Firefox alike.
 *
 * Delivery is one microtask per event, so tests with fake timers need no real time; `flush()` delivers at once.
 */

import { createDelivery, createEvent, type Event, type FakeEvent } from './delivery.ts';
import { createEnd, createPlace, join, type FakePort, type FakeSender, type Flavour, type Place } from './port-end.ts';

export type { FakePort, FakeSender, Flavour };

/** A document with the extension's script in it, or a page of the extension. */
export interface FakePage {
  readonly runtime: {
    /** `undefined` once the extension was updated and {@link FakeRuntime.invalidateOldPages} called. */
    readonly id: string | undefined;
    /** Set while an `onDisconnect` listener runs, in the chromium flavour only. */
    readonly lastError: { message: string } | undefined;
    /** @throws {Error} once `id` is gone */
    connect(info?: { name?: string }): FakePort;
  };
  /** Into the back/forward cache, and back. Fires no DOM event: that is the test's part. */
  cache(): void;
  restore(): void;
  /** Holds back all that arrives until {@link FakePage.thaw}. */
  freeze(): void;
  thaw(): void;
  /** Tab closed, page left for good, frame removed. */
  close(): void;
}

/** What a background script sees; it is handed a new one at each start. */
export interface FakeBackground {
  readonly onConnect: FakeEvent<[port: FakePort]>;
  /** As {@link FakePage.runtime}'s, in the background. */
  readonly lastError: { message: string } | undefined;
}

export interface FakeRuntime {
  readonly flavour: Flavour;
  readonly backgroundIsRunning: boolean;
  /** How often the background was started. */
  readonly starts: number;
  openPage(options?: { url?: string; tabId?: number; frameId?: number; incognito?: boolean }): FakePage;
  /** A popup or side panel, or with `tabId` a tab. `listens`: it has an `onConnect` listener of its own, as none of ours may. */
  openExtensionPage(options?: { path?: string; tabId?: number; listens?: boolean }): FakePage;
  /** Stops the background. Of its messages under way the first `arriving` still come (default: all); none of its listeners runs again. */
  killBackground(options?: { arriving?: number }): void;
  /** Replaces the extension under its open pages. The next `connect` of a new page starts the new background. */
  updateExtension(): void;
  /** Second half of an update in the chromium flavour, 5 to 50 ms later in the browser: `runtime.id` goes. */
  invalidateOldPages(): void;
  /** Delivers all that is under way, and what follows from it, before it returns. */
  flush(): void;
  /** Resolves when nothing is under way. */
  settled(): Promise<void>;
}

interface PageRecord {
  place: Place;
  sender: FakeSender;
  listens: boolean;
  generation: 'current' | 'replaced' | 'invalid';
}

interface RunningBackground {
  place: Place;
  onConnect: Event<[FakePort]>;
}

/** Two ports joined, without a runtime around them: for tests of one end. */
export function createPortPair({
  flavour = 'chromium',
  name = '',
  sender,
}: { flavour?: Flavour; name?: string; sender?: FakeSender } = {}): {
  page: FakePort;
  background: FakePort;
  flush(): void;
  settled(): Promise<void>;
} {
  const delivery = createDelivery();
  const page = createEnd({ name, place: createPlace(), flavour, delivery });
  const background = createEnd({ name, place: createPlace(), flavour, delivery, ...(sender && { sender }) });
  join(page, background);
  return { page: page.port, background: background.port, flush: delivery.flush, settled: delivery.settled };
}

/**
 * An extension in memory. `startBackground` is its background script: run at the first `connect` after each stop,
 * it must add its `onConnect` listener before it returns. It may throw, and each flavour takes that as its browser does.
 */
export function createFakeRuntime({
  flavour = 'chromium',
  id = 'tidings',
  startBackground,
}: {
  flavour?: Flavour;
  id?: string;
  startBackground(background: FakeBackground): void;
}): FakeRuntime {
  const delivery = createDelivery();
  const pages = new Set<PageRecord>();
  let background: RunningBackground | null = null;
  let startedOnce = false;
  let starts = 0;
  let documents = 0;

  /** The running background, started if need be; or what a port meets where it does not start. */
  function start(): RunningBackground | 'silence' | 'refusal' {
    if (background) return background;
    const place = createPlace();
    const onConnect = createEvent<[FakePort]>();
    starts += 1;
    try {
      startBackground({
        onConnect,
        get lastError() {
          return place.lastError;
        },
      });
      startedOnce = true;
    } catch {
      // [chromium] A worker that never started has no listener on record, and its ports hang.
      if (flavour === 'chromium') return startedOnce ? 'refusal' : 'silence';
      // [firefox] The page stays, with what it had done before it threw.
    }
    background = { place, onConnect };
    return background;
  }

  function connect(page: PageRecord, name: string): FakePort {
    if (page.generation === 'invalid') throw new Error('Extension context invalidated.');
    const near = createEnd({ name, place: page.place, flavour, delivery });
    // Not yet joined to the background: it may have to start first. What is posted now queues behind that start.
    const far = createEnd({ name, place: createPlace(), flavour, delivery, sender: page.sender });
    if (page.generation === 'replaced' || page.place.state === 'gone') return near.port;
    join(near, far);
    delivery.add(() => {
      const started = start();
      if (started === 'silence') return;
      if (started === 'refusal' || started.onConnect.size === 0) {
        near.close('Could not establish connection. Receiving end does not exist.');
      } else {
        far.place = started.place;
        far.place.ends.add(far);
        started.onConnect.fire(far.port);
      }
    });
    return near.port;
  }

  function openRecord(page: PageRecord): FakePage {
    pages.add(page);
    return {
      runtime: {
        get id() {
          return page.generation === 'invalid' ? undefined : id;
        },
        get lastError() {
          return page.place.lastError;
        },
        connect: (info) => connect(page, info?.name ?? ''),
      },
      cache() {
        page.place.state = 'cached';
        if (flavour === 'firefox') return;
        for (const end of page.place.ends) {
          end.peer?.close(
            'The page keeping the extension port is moved into back/forward cache, so the message channel is closed.',
          );
          if (end.peer) end.peer.peer = null;
          end.peer = null;
        }
      },
      restore: () => thaw(page.place),
      freeze() {
        page.place.state = 'frozen';
      },
      thaw: () => thaw(page.place),
      close() {
        page.place.state = 'gone';
        pages.delete(page);
        for (const end of page.place.ends) end.peer?.close(null);
        page.place.ends.clear();
      },
    };
  }

  function thaw(place: Place): void {
    if (place.state === 'gone') return;
    place.state = 'active';
    for (const run of place.held.splice(0)) delivery.add(run);
  }

  function stopBackground(arriving: number, tellPages: boolean): void {
    if (!background) return;
    const { place } = background;
    background = null;
    place.state = 'gone';
    delivery.cut(place, arriving);
    for (const { peer } of place.ends) {
      if (!peer) continue;
      peer.peer = null;
      if (tellPages) peer.close(null);
    }
    place.ends.clear();
  }

  const isHidden = (): boolean => flavour === 'chromium' && [...pages].some((page) => page.listens);

  return {
    flavour,
    get backgroundIsRunning() {
      return background !== null;
    },
    get starts() {
      return starts;
    },
    openPage({ url = 'http://localhost/', tabId = 1, frameId = 0, incognito = false } = {}) {
      documents += 1;
      const sender = {
        id,
        url,
        origin: new URL(url).origin,
        tab: { id: tabId, incognito },
        frameId,
        documentId: `document-${documents}`,
      };
      return openRecord({ place: createPlace(), sender, listens: false, generation: 'current' });
    },
    openExtensionPage({ path = 'popup.html', tabId, listens = false } = {}) {
      documents += 1;
      const origin = `${flavour === 'chromium' ? 'chrome' : 'moz'}-extension://${id}`;
      const documentId = `document-${documents}`;
      const sender = {
        id,
        url: `${origin}/${path}`,
        origin,
        ...(tabId !== undefined && { tab: { id: tabId, incognito: false }, frameId: 0 }),
        ...((tabId !== undefined || flavour === 'firefox') && { documentId }),
      };
      return openRecord({ place: createPlace(), sender, listens, generation: 'current' });
    },
    killBackground: ({ arriving = Infinity } = {}) => stopBackground(arriving, !isHidden()),
    updateExtension() {
      stopBackground(Infinity, flavour === 'chromium');
      for (const page of pages) {
        page.generation = 'replaced';
        page.listens = false;
        // [firefox] The old script is torn down without a word; it cannot run again.
        if (flavour === 'firefox') page.place.state = 'gone';
      }
    },
    invalidateOldPages() {
      for (const page of pages) if (page.generation === 'replaced') page.generation = 'invalid';
    },
    flush: delivery.flush,
    settled: delivery.settled,
  };
}
