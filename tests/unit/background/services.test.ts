/** The parts of the background, joined as they are in the browser: what goes from one to the other. */
import { fakeBrowser } from '@webext-core/fake-browser';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createServices, type Services } from '../../../utils/background/services';
import { STORE_DEFAULTS } from '../../../utils/settings/defaults';
import type { Settings } from '../../../utils/settings/settings';
import { createSettingsDatabase } from '../../../utils/settings/settings-database';
import { READ_AGAIN_MS } from '../../../utils/settings/settings-follower';
import { type SaveAnswer, saveSettings } from '../../../utils/settings/settings-messages';
import { createSettingsStore } from '../../../utils/settings/settings-store';
import type { AcceptedPort } from '../../../utils/stream/port';
import { HANDSHAKE_LIMIT_MS } from '../../../utils/stream/protocol';
import { type FakeIndexedDb, installIndexedDb } from '../../fakes/indexed-db';
import { installMessages } from '../../fakes/messages';
import { createPortPair, type FakeSender } from '../../fakes/port';
import { FakeSocket } from '../feeds/world';

const ORIGIN = 'chrome-extension://tidings';
const POPUP: FakeSender = { id: 'tidings', url: `${ORIGIN}/popup.html`, origin: ORIGIN };
const START = { type: 'START_UPDATES', protocol: 2, streamId: 's', everyMs: 16, resume: {} };

const pulse = (id: string, path: string) => ({
  id,
  name: id,
  kind: 'state' as const,
  source: { type: 'pulse' as const },
  path,
  unit: '',
  paceMs: 1_000,
});
const SETTINGS: Settings = {
  version: 1,
  feeds: [
    pulse('streams', '$.openStreams'),
    pulse('uptime', '$.uptime'),
    {
      ...pulse('builds', '$'),
      source: { type: 'websocket', address: 'ws://localhost/x', onConnect: [], format: 'json', silentAfterMs: 5_000 },
    },
  ],
  sites: [{ id: 'demo', patterns: ['http://localhost/*'], feeds: ['streams'] }],
};

const pageOf = (url: string, tabId = 1): FakeSender => ({
  id: 'tidings',
  url,
  origin: new URL(url).origin,
  tab: { id: tabId, incognito: false },
  frameId: 0,
  documentId: `document ${tabId}`,
});

interface Said {
  type: string;
  [field: string]: unknown;
}

let disk: FakeIndexedDb;
let hasAccess: boolean;
let messageSender: FakeSender;
let registered: { id: string }[];
const sockets: FakeSocket[] = [];
const scripting = {
  getRegisteredContentScripts: vi.fn(() => Promise.resolve(registered)),
  registerContentScripts: vi.fn((_scripts: { matches: string[] }[]) => Promise.resolve()),
  updateContentScripts: vi.fn((_scripts: { matches: string[] }[]) => Promise.resolve()),
  unregisterContentScripts: vi.fn(() => Promise.resolve()),
  executeScript: vi.fn((_script: { target: { tabId: number }; files?: string[] }) => Promise.resolve([])),
  insertCSS: vi.fn(() => Promise.resolve()),
};

/** Waits for what is under way in the background: storage and IndexedDB take turns of their own. */
const until = (holds: () => Promise<void> | void): Promise<void> => vi.waitFor(holds, { timeout: 10_000, interval: 5 });

/** The tabs into which the content script was put. */
const tabsWithScript = (): number[] =>
  scripting.executeScript.mock.calls.flatMap(([{ target, files }]) => (files ? [target.tabId] : []));

/** Saves settings that differ from the first ones in this, as a page of the extension. */
const save = (changed: Partial<Settings>): Promise<SaveAnswer> => saveSettings({ ...SETTINGS, ...changed });

function connect(services: Services, name: 'updates' | 'conversation' | 'private-conversation', sender: FakeSender) {
  const { page, background } = createPortPair({ name, sender });
  const said: Said[] = [];
  page.onMessage.addListener((message) => said.push(message as Said));
  services[name === 'updates' ? 'publisher' : 'responder'].accept(background as unknown as AcceptedPort);
  const first = async (type: string): Promise<Said> => {
    await until(() => expect(said.map((message) => message.type)).toContain(type));
    return said.find((message) => message.type === type) ?? { type: '' };
  };
  return { page, said, say: (message: object) => page.postMessage(message), first };
}

beforeEach(async () => {
  vi.clearAllMocks();
  fakeBrowser.reset();
  disk = installIndexedDb();
  hasAccess = true;
  registered = [];
  sockets.length = 0;
  vi.stubGlobal('WebSocket', function WebSocket(address: string) {
    const socket = new FakeSocket(address);
    sockets.push(socket);
    return socket;
  });
  Object.assign(fakeBrowser, {
    scripting,
    permissions: { contains: () => Promise.resolve(hasAccess) },
  });
  Object.assign(fakeBrowser.tabs, {
    query: () =>
      Promise.resolve([
        { id: 1, url: 'http://localhost/' },
        { id: 2, url: 'http://localhost/' },
      ]),
  });
  messageSender = POPUP;
  installMessages(() => messageSender);
  Object.assign(fakeBrowser.runtime, { id: 'tidings', getURL: (path: string) => `${ORIGIN}${path}` });
  await createSettingsStore(STORE_DEFAULTS, createSettingsDatabase()).save(SETTINGS);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const namesOf = ({ feeds }: Said): string[] => (feeds as { id: string }[]).map(({ id }) => id);

describe('streams of the background', () => {
  test('show all feeds to a page of the extension', async () => {
    const { say, first } = connect(createServices(), 'updates', POPUP);
    say(START);
    expect(namesOf(await first('STARTED'))).toEqual(['streams', 'uptime', 'builds']);
  });

  test('lose a source as soon as the browser takes the access to it away', async () => {
    const services = createServices();
    const { say } = connect(services, 'updates', POPUP);
    say(START);
    await until(() => expect(sockets).toHaveLength(1));
    hasAccess = false;
    services.recheckAccess();
    await until(() => expect(sockets[0]?.readyState).toBe(3));
  });

  test('show the feeds of its site to a page, with what the background measures of itself', async () => {
    const { say, first } = connect(createServices(), 'updates', pageOf('http://localhost/'));
    say(START);
    expect(namesOf(await first('STARTED'))).toEqual(['streams']);
    expect((await first('UPDATES'))['feeds']).toEqual([
      expect.objectContaining({ feed: 'streams', updates: [expect.objectContaining({ value: 1 })] }),
    ]);
  });

  test('begin in time where the database hangs after the settings were read', async () => {
    const services = createServices();
    const before = connect(services, 'updates', pageOf('http://localhost/', 1));
    before.say(START);
    await before.first('STARTED');
    disk.close();
    disk.opening = 'hangs';
    // IndexedDB takes turns of its own.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    const page = connect(services, 'updates', pageOf('http://localhost/', 2));
    page.say(START);
    await vi.advanceTimersByTimeAsync(HANDSHAKE_LIMIT_MS - 1);
    expect(page.said[0]).toMatchObject({ type: 'STARTED', note: null });
    const next = connect(services, 'updates', pageOf('http://localhost/', 3));
    next.say(START);
    await vi.advanceTimersByTimeAsync(0);
    expect(next.said[0]).toMatchObject({ type: 'STARTED', note: null });
  });

  test.each(['cannot be read', 'do not parse'])(
    'are dropped without a word while the settings %s, and begin when they are there',
    async (cause) => {
      vi.spyOn(console, 'warn').mockReturnValue();
      const logged = vi.spyOn(console, 'error').mockReturnValue();
      const uptime = vi.spyOn(performance, 'now').mockReturnValue(0);
      const database = createSettingsDatabase();
      const sites = [{ id: 'mine', patterns: ['https://mine.example/*'], feeds: ['streams'] }];
      const record = { at: 1, settings: { ...SETTINGS, sites }, isLocalEmpty: true };
      await database.use((open) => open.put('settings', record, 'current'));
      if (cause === 'cannot be read') disk.opening = 'fails';
      else await database.use((open) => open.put('settings', { ...record, settings: 'nonsense' }, 'current'));
      const services = createServices();
      const popup = connect(services, 'updates', POPUP);
      popup.say(START);
      await popup.first('STARTED');
      const page = connect(services, 'updates', pageOf('https://mine.example/'));
      const ended = vi.fn<() => void>();
      page.page.onDisconnect.addListener(ended);
      await until(() => expect(ended).toHaveBeenCalledOnce());
      expect([page.said, logged.mock.calls.length]).toEqual([[], 1]);
      disk.opening = 'works';
      await database.use((open) => open.put('settings', record, 'current'));
      uptime.mockReturnValue(READ_AGAIN_MS);
      connect(services, 'updates', pageOf('https://mine.example/'));
      // What was shown of the stand-ins begins anew.
      expect(await popup.first('CLOSE')).toMatchObject({ reason: 'feed-removed', retry: true });
      const next = connect(services, 'updates', pageOf('https://mine.example/'));
      next.say(START);
      expect(namesOf(await next.first('STARTED'))).toEqual(['streams']);
      await until(() => expect(scripting.registerContentScripts).toHaveBeenCalledOnce());
      await until(() => expect(tabsWithScript()).toContain(2));
    },
  );

  test.each([
    ['https://other.example/', true, 'not-allowed'],
    ['http://localhost/', false, 'permission-removed'],
  ])('are closed to %s with access %j: %s', async (url, access, reason) => {
    hasAccess = access;
    const { say, first } = connect(createServices(), 'updates', pageOf(url));
    say(START);
    expect(await first('CLOSE')).toMatchObject({ reason });
  });

  test('begin anew when the settings change', async () => {
    const services = createServices();
    services.serveSettings();
    const { say, first } = connect(services, 'updates', pageOf('http://localhost/'));
    say(START);
    await first('STARTED');
    await save({ sites: [{ id: 'demo', patterns: ['http://localhost/*'], feeds: null }] });
    expect(await first('CLOSE')).toMatchObject({ reason: 'feed-removed' });
    const next = connect(services, 'updates', pageOf('http://localhost/'));
    next.say(START);
    expect(namesOf(await next.first('STARTED'))).toEqual(['streams', 'uptime', 'builds']);
  });
});

describe('settings of the background', () => {
  test('are refused with the reason, and nothing changes', async () => {
    const services = createServices();
    services.serveSettings();
    const { say, said, first } = connect(services, 'updates', POPUP);
    say(START);
    await first('STARTED');
    expect(await saveSettings({ ...SETTINGS, version: 9 })).toMatchObject({ ok: false, reason: expect.any(String) });
    expect(said.map(({ type }) => type)).not.toContain('CLOSE');
  });

  test('are saved by no content script', async () => {
    const services = createServices();
    services.serveSettings();
    messageSender = pageOf('http://localhost/');
    await expect(save({ feeds: [] })).rejects.toThrow('Invalid type');
    const { say, first } = connect(services, 'updates', POPUP);
    say(START);
    expect(namesOf(await first('STARTED'))).toEqual(['streams', 'uptime', 'builds']);
  });
});

describe('scripts of the background', () => {
  test('are registered for the sites of the settings, and for the next', async () => {
    const services = createServices();
    services.serveSettings();
    services.showInOpenPages();
    await until(() => expect(scripting.registerContentScripts).toHaveBeenCalledOnce());
    expect(scripting.registerContentScripts.mock.calls[0]?.[0][0]?.matches).toEqual(['http://localhost/*']);
    registered = [{ id: 'updates' }];
    const sites = [{ id: 'next', patterns: ['https://next.example/*'], feeds: null }];
    await save({ sites });
    await until(() => expect(scripting.updateContentScripts).toHaveBeenCalledOnce());
    expect(scripting.updateContentScripts.mock.calls[0]?.[0][0]?.matches).toEqual(['https://next.example/*']);
  });

  test('are left as they are while the settings cannot be read', async () => {
    const warned = vi.spyOn(console, 'warn').mockReturnValue();
    const record = { at: 1, settings: 'nonsense', isLocalEmpty: true };
    await createSettingsDatabase().use((open) => open.put('settings', record, 'current'));
    const { say, first } = connect(createServices(), 'updates', POPUP);
    say(START);
    await first('STARTED');
    expect(warned).toHaveBeenCalledOnce();
    expect(scripting.getRegisteredContentScripts).not.toHaveBeenCalled();
  });

  test('that the browser refuses hold up neither streams nor the next registration', async () => {
    const logged = vi.spyOn(console, 'error').mockReturnValue();
    scripting.registerContentScripts.mockRejectedValueOnce(new Error('Invalid match pattern'));
    const services = createServices();
    services.serveSettings();
    const { say, first } = connect(services, 'updates', POPUP);
    say(START);
    await first('STARTED');
    await until(() => expect(logged).toHaveBeenCalledOnce());
    await save({});
    await until(() => expect(scripting.registerContentScripts).toHaveBeenCalledTimes(2));
  });

  test('are put into the open pages of sites that have none', async () => {
    const services = createServices();
    const { say, first } = connect(services, 'updates', pageOf('http://localhost/', 2));
    say(START);
    await first('STARTED');
    services.showInOpenPages();
    await until(() => expect(tabsWithScript()).toEqual([1]));
  });

  test.each([{ reason: 'install' }, { reason: 'update', previousVersion: '0.1.0' }])(
    'are put into the open pages after %j, once',
    async (details) => {
      const services = createServices();
      await services.installed(details);
      expect(tabsWithScript()).toEqual([1, 2]);
    },
  );

  test('are put into the open pages of the sites that an earlier version left, which are in force from then on', async () => {
    disk = installIndexedDb();
    const sites = [{ id: 'mine', patterns: ['https://mine.example/*'], feeds: ['streams'] }];
    await fakeBrowser.storage.local.set({ settings: { ...SETTINGS, sites } });
    const services = createServices();
    await until(() => expect(scripting.registerContentScripts).toHaveBeenCalledOnce());
    await services.installed({ reason: 'update', previousVersion: '0.1.0' });
    const { say, first } = connect(services, 'updates', pageOf('https://mine.example/'));
    say(START);
    expect(namesOf(await first('STARTED'))).toEqual(['streams']);
    await until(() => expect(tabsWithScript()).toEqual([1, 2]));
  });

  test('are put into them too when the settings change, as of before the streams were closed', async () => {
    const services = createServices();
    services.serveSettings();
    const { say, first } = connect(services, 'updates', pageOf('http://localhost/', 2));
    say(START);
    await first('STARTED');
    await save({});
    await until(() => expect(tabsWithScript()).toEqual([1]));
  });
});

describe('conversation of the background', () => {
  test('is with pages of the extension only', async () => {
    const services = createServices();
    const stranger = connect(services, 'conversation', pageOf('http://localhost/'));
    const ended = vi.fn<() => void>();
    stranger.page.onDisconnect.addListener(ended);
    await until(() => expect(ended).toHaveBeenCalledOnce());
    expect(stranger.said).toEqual([]);
  });

  test('is answered, and outlives the background', async () => {
    const popup = connect(createServices(), 'conversation', POPUP);
    popup.say({ type: 'SEND', id: 'm1', text: 'hi', to: null });
    await until(() => expect(popup.said.filter(({ type }) => type === 'ENTRY')).toHaveLength(2));
    expect(JSON.stringify(popup.said)).toContain('Background received: \\"hi\\"');
    await until(async () => expect((await fakeBrowser.storage.session.get())['conversation']).toHaveLength(2));
    const next = connect(createServices(), 'conversation', POPUP);
    const { entries } = await next.first('TRANSCRIPT');
    expect((entries as { text: string }[]).map(({ text }) => text)).toEqual(['hi', 'Background received: "hi"']);
  });

  test.each([
    ['another private window is open', [{ incognito: false }, { incognito: true }], 2],
    ['no private window is left', [{ incognito: false }], 0],
    ['the browser does not tell', null, 2],
  ])('of private windows has its own transcript: when one is closed and %s', async (_, windows, left) => {
    Object.assign(fakeBrowser, {
      windows: { getAll: () => (windows ? Promise.resolve(windows) : Promise.reject(new Error('No windows'))) },
    });
    const services = createServices();
    const popup = connect(services, 'private-conversation', POPUP);
    popup.say({ type: 'SEND', id: 'm1', text: 'secret', to: null });
    const kept = async (): Promise<unknown> => (await fakeBrowser.storage.session.get())['private-conversation'];
    await until(async () => expect(await kept()).toHaveLength(2));
    expect((await fakeBrowser.storage.session.get())['conversation']).toBeUndefined();
    // The background was started by the window that closed.
    const next = createServices();
    await Promise.resolve(next.windowClosed());
    await until(async () => expect(await kept()).toHaveLength(left));
    const { entries } = await connect(next, 'private-conversation', POPUP).first('TRANSCRIPT');
    expect(entries).toHaveLength(left);
    expect((await connect(next, 'conversation', POPUP).first('TRANSCRIPT'))['entries']).toEqual([]);
  });

  test('offers the feeds that take text, and others when the settings change', async () => {
    const services = createServices();
    services.serveSettings();
    const { first } = connect(services, 'conversation', POPUP);
    expect((await first('TRANSCRIPT'))['addressees']).toEqual([{ id: 'builds', name: 'builds' }]);
    await save({ feeds: SETTINGS.feeds.slice(0, 2) });
    expect((await first('ADDRESSEES'))['addressees']).toEqual([]);
  });

  test('passes a text on to the WebSocket of a feed that is watched', async () => {
    const services = createServices();
    const viewer = connect(services, 'updates', POPUP);
    viewer.say(START);
    await until(() => expect(sockets).toHaveLength(1));
    sockets[0]?.open();
    const popup = connect(services, 'conversation', POPUP);
    popup.say({ type: 'SEND', id: 'm1', text: 'start build', to: 'builds' });
    await until(() => expect(sockets[0]?.sent).toEqual(['start build']));
    await until(() => expect(JSON.stringify(popup.said)).toContain('"accepted"'));
  });
  test('passes a text of a private window on to the WebSocket of private windows, and only there', async () => {
    const services = createServices();
    connect(services, 'updates', POPUP).say(START);
    await until(() => expect(sockets).toHaveLength(1));
    connect(services, 'updates', POPUP).say({ ...START, streamId: 'hidden', private: true });
    await until(() => expect(sockets).toHaveLength(2));
    for (const socket of sockets) socket.open();
    connect(services, 'private-conversation', POPUP).say({ type: 'SEND', id: 'm1', text: 'secret', to: 'builds' });
    await until(() => expect(sockets[1]?.sent).toEqual(['secret']));
    connect(services, 'conversation', POPUP).say({ type: 'SEND', id: 'm1', text: 'open', to: 'builds' });
    await until(() => expect(sockets[0]?.sent).toEqual(['open']));
    expect(sockets[1]?.sent).toEqual(['secret']);
  });
});
