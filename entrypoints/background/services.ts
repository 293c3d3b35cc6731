import { browser } from 'wxt/browser';
import { createResponder, type Responder } from '../../utils/conversation/responder';
import { createSessionStore, type SessionArea } from '../../utils/conversation/session-store';
import { createTranscript } from '../../utils/conversation/transcript';
import { createHub } from '../../utils/feeds/hub';
import { createRate } from '../../utils/feeds/rate';
import { createIndexedDbSegments } from '../../utils/feeds/segments';
import { createSourceDeps } from '../../utils/feeds/source-deps';
import { DEFAULTS } from '../../utils/settings/defaults';
import type { Settings } from '../../utils/settings/settings';
import { createSettingsStore } from '../../utils/settings/settings-store';
import { decideAccess } from '../../utils/sites/access';
import { createAuthorise } from '../../utils/sites/authorise';
import { registerSiteScripts } from '../../utils/sites/site-scripts';
import { hasAccess } from '../../utils/sites/site-status';
import { createPublisher, type Publisher } from '../../utils/stream/publisher';

export interface Services {
  publisher: Publisher;
  responder: Responder;
  /** The settings in force, with the feeds set up. */
  settings(): Promise<Settings>;
  /** Starts to follow the settings. */
  onSettingsChanged(): void;
  /** The background is about to be stopped. */
  shutDown(): void;
}

/** Makes what the background consists of, joined; nothing is connected yet. Worker memory all of it: logs and transcript have stores. */
export function createServices(): Services {
  const extension = { id: browser.runtime.id, baseUrl: browser.runtime.getURL('/') };
  const store = createSettingsStore(DEFAULTS);
  const hub = createHub({
    deps: createSourceDeps(hasAccess),
    segments: createIndexedDbSegments(),
    pulseStats: () => ({ ...publisher.stats(), updatesPerSecond: sentPerSecond() }),
  });
  let feeds: Settings['feeds'] = [];
  let registered = Promise.resolve();

  const load = async (): Promise<Settings> => {
    const settings = await store.read();
    ({ feeds } = settings);
    hub.configure(feeds);
    // One after the other: two at once would both find nothing registered, and the second be refused.
    registered = registered
      .then(() => registerSiteScripts(settings.sites))
      .catch((error: unknown) => console.error('Cannot register the sites', error));
    return settings;
  };
  let current: Promise<Settings> | null = null;
  const settings = (): Promise<Settings> => (current ??= load());

  const publisher = createPublisher({
    authorise: createAuthorise({ extension, settings, hasAccess, openFeed: hub.reader }),
  });
  const sentPerSecond = createRate(
    () => publisher.stats().sentUpdates,
    () => performance.now(),
  );
  const responder = createResponder({
    isExtensionPage: (sender) => decideAccess(sender, extension, []).who === 'extension',
    transcript: createTranscript(createSessionStore(() => browser.storage.session as SessionArea)),
    upstream: {
      addressees: () => feeds.filter(({ source }) => source.type === 'websocket').map(({ id, name }) => ({ id, name })),
      send: hub.send,
    },
    now: Date.now,
  });

  return {
    publisher,
    responder,
    settings,
    onSettingsChanged() {
      void settings().then(responder.addresseesChanged);
      store.onChange(() => {
        current = null;
        void settings().then(() => {
          publisher.closeAll('feed-removed');
          responder.addresseesChanged();
        });
      });
    },
    shutDown: () => publisher.closeAll('shutting-down'),
  };
}
