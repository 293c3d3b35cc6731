/** A page whose process was taken over: code of an attacker runs where our content script runs. */
import assert from 'node:assert/strict';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { PROTOCOL_VERSION } from '../../utils/stream/protocol.ts';
import type { Settings } from '../../utils/settings/settings.ts';
import { depthFeed } from '../faults/feeds.ts';
import { runInContentWorld, type Said, type Step, talk } from '../hostile/browser/content-world.ts';
import { type HostileServer, startHostileServer } from '../hostile/browser/hostile-server.ts';
import type { TestPage } from './driver/test-browser.ts';
import { waitFor } from './driver/wait-for.ts';
import { settingsOnDisk } from './settings-on-disk.ts';
import {
  BROWSERS,
  numbersFeed,
  numbersFrom,
  recordApplied,
  startTidings,
  type Tidings,
  waitForAllNumbers,
} from './tidings.ts';

/** Of the other site, and of settings: what the page that was taken over must not come to know. */
const SECRETS = /canary|numbers|secret/i;

const EVIL = {
  version: 1,
  feeds: [],
  sites: [{ id: 'evil', patterns: ['*://*/*'], feeds: null }],
};

const PLACEMENT = { right: false, bottom: false, x: 99, y: 98, collapsed: true };

const start = (fields: object = {}): Step => ({
  type: 'START_UPDATES',
  protocol: PROTOCOL_VERSION,
  streamId: `taken ${Math.random()}`,
  everyMs: 16,
  resume: {},
  ...fields,
});
/** Everything that was said before is answered when this is. */
const BARRIER: Step[] = [{ type: 'PING', id: 77 }, 'PONG'];

type Api = Record<string, unknown> & {
  storage: Record<string, Record<string, (...args: unknown[]) => Promise<unknown>>>;
  runtime: { sendMessage(message: unknown): Promise<unknown>; getURL(path: string): string };
};
declare const chrome: Api;

describe.each(BROWSERS)('a renderer that was taken over in %s', (name) => {
  let tidings: Tidings;
  let server: HostileServer;
  let good: TestPage;
  let settings: Settings;
  let url: string;
  let origin: string;

  const run = <Args extends unknown[], Result>(fn: (...args: Args) => Result, ...args: Args) =>
    runInContentWorld(tidings.browser, url, fn, ...args);
  const say = async (port: string, ...steps: Step[]): Promise<Said> => {
    const said = await run(talk, port, steps);
    if (typeof said === 'string') throw new TypeError(said);
    return said;
  };

  beforeAll(async () => {
    server = await startHostileServer({
      '/taken': (_, response) =>
        void response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>Taken</title>'),
    });
    origin = server.url;
    url = `${origin}/taken`;
    tidings = await startTidings(name);
    const { demo } = tidings;
    settings = {
      version: 1,
      feeds: [
        numbersFeed(demo),
        depthFeed(demo),
        {
          ...depthFeed(demo),
          id: 'secret',
          name: 'Secret',
          source: { type: 'poll', address: `${demo.url}/pipeline.json?token=canary` },
        },
      ],
      sites: [
        { id: 'taken', patterns: ['http://localhost/taken'], feeds: ['depth'] },
        { id: 'good', patterns: ['http://localhost/'], feeds: ['numbers'] },
      ],
    };
    await tidings.configure(settings);
    const taken = await tidings.browser.open(url);
    await taken.waitFor('the panel', () => document.querySelector('[data-tidings-panel]') !== null);
    // Behind the good page: a hidden page has its script all the same.
    good = await tidings.open('/');
    await recordApplied(good);
  });
  afterAll(async () => {
    await tidings?.close();
    await server?.close();
  });

  /** Holds after each attempt. */
  afterEach(async () => {
    assert.deepEqual((await settingsOnDisk(tidings.browser)).settings, settings);
    const { newest } = tidings.demo.events.record;
    await waitFor('events to be sent', () => tidings.demo.events.record.newest > newest);
    const numbers = await waitForAllNumbers(good, tidings.demo);
    assert.deepEqual(numbers, numbersFrom(numbers[0] ?? 0, numbers.at(-1) ?? 0));
  });

  describe('reads nothing', () => {
    test.each(['local', 'session', 'sync', 'managed'])('from storage.%s', async (area) => {
      const got = await run((one: string) => chrome.storage[one]?.['get']?.(null) ?? 'no such area', area);
      expect(typeof got === 'string' ? {} : got).toEqual({});
      expect(JSON.stringify(got)).not.toMatch(SECRETS);
    });

    test('from databases: those of the extension are of another origin', async () => {
      const names = await run(async () => (await indexedDB.databases()).map((database) => database.name));
      expect(names).toEqual([]);
    });

    test.each(['popup.html', 'sidepanel.html', 'manifest.json', 'background.js'])('from the file %s', async (file) => {
      const got = await run((path: string) => fetch(chrome.runtime.getURL(path)).then((answer) => answer.text()), file);
      expect(got).toMatch(/^TypeError/);
    });

    test.each([{ type: 'READ_SETTINGS' }, { type: 'GET_SETTINGS' }, 'settings', {}, null])(
      'by the message %j',
      async (message) => {
        const got = await run((one: unknown) => chrome.runtime.sendMessage(one), message);
        expect(JSON.stringify(got ?? null)).not.toMatch(SECRETS);
      },
    );

    test.each(['conversation', 'private-conversation', 'settings', 'tidings', 'updates ', 'Updates', ''])(
      'by the port "%s"',
      async (port) => {
        const message = { type: 'SEND', id: 'm', text: 'canary', to: null };
        expect(await say(port, message, 'TRANSCRIPT')).toEqual({ heard: [], isClosed: true });
      },
    );

    test.each<[string, object]>([
      ['its own word', {}],
      [
        'cursors of feeds of another site',
        { resume: { numbers: { epoch: 'e', seq: 0 }, secret: { epoch: 'e', seq: 1 } } },
      ],
      ['a cursor far ahead', { resume: { depth: { epoch: 'e', seq: Number.MAX_SAFE_INTEGER } } }],
      ['the word that it is private', { private: true }],
      ['the word that it takes over', { takesOver: true }],
      ['fields that nobody asked for', { feeds: ['numbers', 'secret'], origin: 'http://localhost', site: 'good' }],
    ])('of other feeds by %s', async (_, fields) => {
      const { heard } = await say('updates', start(fields), 'STARTED', 'UPDATES', ...BARRIER);
      const [started] = heard;
      expect(started).toMatchObject({ type: 'STARTED', feeds: [expect.objectContaining({ id: 'depth' })] });
      expect(started?.['feeds']).toHaveLength(1);
      expect(JSON.stringify(heard)).not.toMatch(SECRETS);
    });

    test.each(['permissions', 'scripting', 'tabs', 'windows', 'management', 'action', 'sidePanel', 'sidebarAction'])(
      'by calls of %s, which it has not',
      async (part) => {
        const calls = await run((one: string) => {
          const found: unknown = chrome[one];
          // [chrome] Some of it is there, without anything to call.
          return Object.entries(found ?? {}).flatMap(([call, value]) => (typeof value === 'function' ? [call] : []));
        }, part);
        expect(calls).toEqual([]);
      },
    );

    test('of settings that are saved meanwhile', async () => {
      await run(() => {
        const overheard: unknown[] = [];
        Object.assign(globalThis, { overheard });
        const { storage, runtime } = chrome as unknown as Record<
          string,
          Record<string, { addListener(listener: (...args: unknown[]) => void): void } | undefined>
        >;
        storage?.['onChanged']?.addListener((...args) => overheard.push(args));
        runtime?.['onMessage']?.addListener((message) => overheard.push(message));
      });
      settings = { ...settings, feeds: settings.feeds.map((feed) => ({ ...feed, unit: 'canary' })) };
      await tidings.configure(settings);
      await good.bringToFront();
      // A message of the background to all would be here by now: the page's own stream has begun anew.
      await say('updates', start(), 'STARTED', ...BARRIER);
      expect(await run(() => (globalThis as unknown as { overheard: unknown[] }).overheard)).toEqual([]);
    });
  });

  describe('changes nothing', () => {
    test.each(['local', 'sync'])('by storage.%s', async (area) => {
      await run(
        (one: string, evil: object) =>
          chrome.storage[one]?.['set']?.({ settings: evil, 'panel http://localhost': evil }) ?? 'no such area',
        area,
        EVIL,
      );
      await tidings.browser.extension.killBackground();
      await waitFor('the background', () => tidings.browser.extension.backgroundIsRunning());
      const { heard } = await say('updates', start(), 'STARTED', ...BARRIER);
      expect(heard[0]).toMatchObject({ feeds: [expect.objectContaining({ id: 'depth' })] });
    });

    test.each([
      { type: 'SAVE_SETTINGS', settings: EVIL },
      { type: 'SETTINGS_CHANGED', settings: EVIL },
      { type: 'SAVE_SETTINGS' },
    ])('by the message $type', async (message) => {
      const sent = { type: 'runtime.sendMessage', message };
      const { isClosed } = await say('updates', start(), 'STARTED', sent, 'UPDATES', 'UPDATES', ...BARRIER);
      expect(isClosed).toBe(false);
    });

    test('by a database of the same name', async () => {
      const done = await run(
        (evil: object) =>
          new Promise((resolve, reject) => {
            const opening = indexedDB.open('tidings-settings', 1);
            opening.addEventListener('upgradeneeded', () => {
              opening.result
                .createObjectStore('settings')
                .put({ at: 1, settings: evil, isLocalEmpty: true }, 'current');
            });
            opening.addEventListener('error', reject);
            opening.addEventListener('success', () => {
              opening.result.close();
              const removing = indexedDB.deleteDatabase('tidings-settings');
              removing.addEventListener('success', () => resolve('written in its own origin'));
            });
          }),
        EVIL,
      );
      expect(done).toBe('written in its own origin');
    });
  });

  describe('keeps nothing', () => {
    test.each([{ steal: 'canary' }, 'canary', [PLACEMENT], { ...PLACEMENT, x: 'canary' }])(
      'by the note %j',
      async (note) => {
        await say('updates', start(), 'STARTED', { type: 'NOTE', note }, ...BARRIER);
        const { heard } = await say('updates', start(), 'STARTED');
        expect(heard[0]).toMatchObject({ type: 'STARTED', note: null });
      },
    );

    test('by a note over 1 KiB', async () => {
      const note = 'x'.repeat(1_025);
      const said = await say('updates', start(), 'STARTED', { type: 'NOTE', note }, ...BARRIER);
      expect(said.heard.at(-1)).toMatchObject({ type: 'CLOSE', reason: 'bad-message' });
    });

    test('for another origin: a place is of its own pages alone, and nothing but a place', async () => {
      const note = { ...PLACEMENT, origin: tidings.demo.url, more: 'canary' };
      await say('updates', start(), 'STARTED', { type: 'NOTE', note }, ...BARRIER);
      await waitFor('the placement', async () => {
        const { placements } = await settingsOnDisk(tidings.browser);
        expect(placements).toEqual({ [origin]: PLACEMENT });
        return true;
      });
    });

    test('by a flood of notes but one, and its port is closed', async () => {
      const flood = Array.from({ length: 5_000 }, (_, x) => ({ type: 'NOTE', note: { ...PLACEMENT, x: 8 + x } }));
      const { heard, isClosed } = await say('updates', start(), 'STARTED', ...flood, ...BARRIER);
      expect(heard.at(-1)).toMatchObject({ type: 'CLOSE', reason: 'bad-message' });
      expect(isClosed).toBe(true);
      const { placements } = await settingsOnDisk(tidings.browser);
      expect(Object.keys(placements)).toEqual([origin]);
    });
  });

  test('reported no error', async () => {
    expect(await tidings.errors()).toEqual([]);
  });
});
