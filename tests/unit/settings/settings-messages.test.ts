import { fakeBrowser } from '@webext-core/fake-browser';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { STORE_DEFAULTS } from '../../../utils/settings/defaults';
import {
  onSettingsMessage,
  readSettings,
  type SaveAnswer,
  saveSettings,
} from '../../../utils/settings/settings-messages';
import type { Sender } from '../../../utils/stream/port';
import { installMessages } from '../../fakes/messages';

const POPUP: Sender = { id: 'tidings', url: 'chrome-extension://tidings/popup.html' };
const SITE: Sender = { id: 'tidings', url: 'http://localhost/' };

function setUp(sender: Sender) {
  const messages = installMessages(() => sender);
  const read = vi.fn(() => Promise.resolve(STORE_DEFAULTS));
  const save = vi.fn((_settings: unknown) => Promise.resolve<SaveAnswer>({ ok: true }));
  const stop = onSettingsMessage({ isOwnPage: ({ url }) => url === POPUP.url, read, save });
  return { messages, read, save, stop };
}

beforeEach(() => {
  fakeBrowser.reset();
});

describe('settings by messages', () => {
  test('are read by a page of the extension', async () => {
    setUp(POPUP);
    expect(await readSettings()).toEqual({ ok: true, settings: STORE_DEFAULTS });
  });

  test('are saved by a page of the extension, which hears when they are in force', async () => {
    const { save } = setUp(POPUP);
    expect(await saveSettings(STORE_DEFAULTS)).toEqual({ ok: true });
    expect(save).toHaveBeenCalledExactlyOnceWith(STORE_DEFAULTS);
  });

  test('are refused with a reason', async () => {
    const { save } = setUp(POPUP);
    save.mockResolvedValueOnce({ ok: false, reason: 'feeds.0: no name' });
    expect(await saveSettings({})).toEqual({ ok: false, reason: 'feeds.0: no name' });
  });

  test('are neither read nor saved by a content script', async () => {
    const { read, save } = setUp(SITE);
    for (const attempt of [readSettings(), saveSettings(STORE_DEFAULTS)]) await attempt.catch(() => undefined);
    expect([read, save].map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
  });

  test.each([undefined, null, 'SAVE_SETTINGS', {}, { type: 'OTHER' }, { type: ['READ_SETTINGS'] }])(
    'leave the message %j to others',
    (message) => {
      const { messages } = setUp(POPUP);
      expect(messages.answer(message)).toBeUndefined();
    },
  );

  test('are of nobody once it has ended', () => {
    const { messages, stop } = setUp(POPUP);
    stop();
    expect(messages.listeners).toBe(0);
  });
});
