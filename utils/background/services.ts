import { browser } from 'wxt/browser';
import { createPatientSend } from '../conversation/patient-send';
import { createResponder, type Responder } from '../conversation/responder';
import { createSessionStore, type SessionArea, type SessionKey } from '../conversation/session-store';
import { createTranscript, type Transcript } from '../conversation/transcript';
import { createHub } from '../feeds/hub';
import { createRate } from '../feeds/rate';
import { createIndexedDbSegments } from '../feeds/segments';
import { createSourceDeps } from '../feeds/source-deps';
import { DEFAULTS } from '../settings/defaults';
import type { Settings } from '../settings/settings';
import { createPlacements } from '../settings/placements';
import { createSettingsDatabase } from '../settings/settings-database';
import { createSettingsFollower } from '../settings/settings-follower';
import { onSettingsMessage, type SaveAnswer } from '../settings/settings-messages';
import { createSettingsStore, type StoredSettings } from '../settings/settings-store';
import { type Installed, usedLocalStorage } from '../settings/take-over';
import { decideAccess } from '../sites/access';
import { createAuthorise } from '../sites/authorise';
import { injectIntoOpenPages, registerSiteScripts } from '../sites/site-scripts';
import { hasAccess } from '../sites/site-status';
import type { Sender } from '../stream/port';
import { createPublisher, type Publisher } from '../stream/publisher';
import { createDocumentMemory } from './document-memory';
import { createDocumentStore } from './document-store';

export interface Services {
  publisher: Publisher;
  responder: Responder;
  /** Answers the pages that read and save settings, as long as the background runs. */
  serveSettings(): void;
  /** Shows the panel in open pages, after it took over what an earlier version left elsewhere. */
  installed(details: Installed): Promise<void>;
  /** Shows the panel in the pages of sites that are open and have none. */
  showInOpenPages(): void;
  /** Takes up what the browser lets the extension do now, on pages and at sources. */
  recheckAccess(): void;
  /** Forgets what was said and shown in private windows if the one that was closed was the last of them. */
  windowClosed(): void;
}

/** Makes what the background consists of, joined; nothing is connected yet. Worker memory all of it: logs, cursors and transcript have stores. */
export function createServices(): Services {
  const extension = { id: browser.runtime.id, baseUrl: browser.runtime.getURL('/') };
  const deps = createSourceDeps(hasAccess);
  const hub = createHub({
    deps,
    segments: createIndexedDbSegments(),
    pulseStats: () => ({ ...publisher.stats(), updatesPerSecond: sentPerSecond() }),
  });
  let feeds: Settings['feeds'] = [];
  let registered = Promise.resolve();

  const database = createSettingsDatabase();
  const store = createSettingsStore(DEFAULTS, database);
  let isFirst = true;
  const takeUp = ({ settings: next, isStandIn }: StoredSettings): void => {
    ({ feeds } = next);
    hub.configure(feeds, { prune: !isStandIn });
    if (!isStandIn) {
      // Not awaited, for no stream needs it. One after the other: two at once would both find nothing registered.
      registered = registered
        .then(() => registerSiteScripts(next.sites))
        .catch((error: unknown) => console.error('Cannot register the sites', error));
    }
    if (!isFirst) beginAnew();
    isFirst = false;
  };
  const settings = createSettingsFollower(store.read, takeUp, () => performance.now());
  const inForce = async (): Promise<Settings> => (await settings.current()).settings;
  const isOwn = (sender: Sender | undefined): boolean => decideAccess(sender, extension, []).who === 'extension';
  const publisher = createPublisher({
    isOwn,
    authorise: createAuthorise({
      extension,
      settings: settings.current,
      hasAccess,
      openFeed: hub.reader,
      placements: createPlacements(database, Date.now),
    }),
    memory: createDocumentMemory(createDocumentStore(), deps),
  });
  const sentPerSecond = createRate(
    () => publisher.stats().sentUpdates,
    () => performance.now(),
  );
  const keptAs = (key: SessionKey): Transcript =>
    createTranscript(createSessionStore(() => browser.storage.session as SessionArea, key));
  const transcripts = { normal: keptAs('conversation'), private: keptAs('private-conversation') };
  const responder = createResponder({
    isExtensionPage: isOwn,
    transcripts,
    whenReady: settings.current(),
    upstream: {
      addressees: () => feeds.filter(({ source }) => source.type === 'websocket').map(({ id, name }) => ({ id, name })),
      send: createPatientSend(hub.send, deps.after),
    },
    now: Date.now,
  });

  const inject = async (served: ReadonlySet<number>): Promise<void> => {
    const { sites } = await inForce();
    await injectIntoOpenPages(sites, served);
  };

  /** The settings are others than those by which streams and conversations began. */
  const beginAnew = (): void => {
    const served = publisher.tabs();
    publisher.closeAll('feed-removed');
    responder.addresseesChanged();
    void inject(served);
  };

  const save = async (changed: unknown): Promise<SaveAnswer> => {
    const saved = await store.save(changed);
    if (!saved.ok) return saved;
    await settings.reread();
    return { ok: true };
  };

  return {
    publisher,
    responder,
    serveSettings: () => onSettingsMessage({ isOwnPage: isOwn, read: inForce, save }),
    async installed(details) {
      // What could not be taken over is tried again when it is read.
      const isOther = usedLocalStorage(details) && (await store.takeOver().catch(() => true));
      if (isOther) await settings.reread();
      else await inject(publisher.tabs());
    },
    showInOpenPages: () => void inject(publisher.tabs()),
    recheckAccess() {
      publisher.recheck();
      void hub.recheckAccess();
    },
    async windowClosed() {
      // Where the browser does not tell which windows there are, one may be private.
      const windows = await browser.windows.getAll().catch(() => null);
      if (windows === null || windows.some(({ incognito }) => incognito)) return;
      transcripts.private.forget();
      hub.forgetPrivate();
    },
  };
}
