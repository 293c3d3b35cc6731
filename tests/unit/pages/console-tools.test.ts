import { fakeBrowser } from '@webext-core/fake-browser';
import { expect, test, vi } from 'vitest';
import { type ConsoleTools, offerConsoleTools } from '../../../utils/pages/console-tools';

function setUp(answer: object) {
  const sendMessage = vi.fn((_message: object) => Promise.resolve(answer));
  Object.assign(fakeBrowser.runtime, { sendMessage });
  const page: Partial<Window & { tidings: ConsoleTools }> = {};
  offerConsoleTools(page as Window);
  return { sendMessage, tools: page.tidings as ConsoleTools };
}

test('a person saves settings in the console', async () => {
  const { sendMessage, tools } = setUp({ ok: true });
  await tools.saveSettings({ version: 1 });
  expect(sendMessage).toHaveBeenCalledExactlyOnceWith({ type: 'SAVE_SETTINGS', settings: { version: 1 } });
});

test('a person reads there why settings are refused', async () => {
  const { tools } = setUp({ ok: false, reason: 'feeds.0: no name' });
  await expect(tools.saveSettings({})).rejects.toThrow('Cannot save these settings: feeds.0: no name');
});

test('a person sees what a WebSocket will be sent before it is saved', async () => {
  const { sendMessage, tools } = setUp({ ok: true });
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => expect(sendMessage).not.toHaveBeenCalled());
  const source = { type: 'websocket', address: 'wss://ci.example.com/live', onConnect: ['{"subscribe":"builds"}'] };
  await tools.saveSettings({ version: 1, feeds: [{ id: 'builds', name: 'Builds', source }], sites: [] });
  expect(warn.mock.calls).toEqual([
    ['"Builds" sends to wss://ci.example.com/live when it connects: ["{\\"subscribe\\":\\"builds\\"}"]'],
  ]);
  warn.mockRestore();
});
