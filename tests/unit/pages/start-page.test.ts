import { fakeBrowser } from '@webext-core/fake-browser';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startPage } from '../../../utils/pages/start-page';
import { createExtensionPage, type FakeExtensionPage } from '../../fakes/extension-page';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

async function start(options: { incognito?: boolean | null; body?: string } = {}) {
  const page: FakeExtensionPage = createExtensionPage(options);
  const { t } = startPage(page.window);
  await settle();
  return { ...page, t };
}

describe('startPage', () => {
  test('puts the conversation into main, and the values below it', async () => {
    const { find } = await start();
    expect([...find('main').children].map(({ className }) => className)).toEqual(['conversation', 'values']);
  });

  test('uses the body of a page that has no main', async () => {
    const { document } = await start({ body: '' });
    expect([...document.body.children].map(({ className }) => className)).toEqual(['conversation', 'values']);
  });

  test('gives the page the direction of the language, and its words', async () => {
    const { document, t } = await start();
    expect([document.documentElement.dir, t('extension.name')]).toEqual(['ltr', 'Tidings']);
  });

  test('streams values at once, but has no conversation until the person asks for it', async () => {
    const { ports, find } = await start();
    expect(ports.map(({ name }) => name)).toEqual(['updates']);
    find('.connect').click();
    expect(ports.map(({ name }) => name)).toEqual(['updates', 'conversation']);
  });

  test.each([
    [false, 'conversation'],
    [true, 'private-conversation'],
  ])('says by the name of its port whether its window is private: %j', async (incognito, name) => {
    const { ports, find } = await start({ incognito });
    find('.connect').click();
    expect(ports.map((port) => port.name)).toEqual(['updates', name]);
  });

  test('counts as private where the browser does not tell of its window', async () => {
    const { ports, find, received } = await start({ incognito: null });
    find('.connect').click();
    expect(ports.map(({ name }) => name)).toEqual(['updates', 'private-conversation']);
    expect(received[0]?.['private']).toBe(true);
  });

  test.each([true, false])('says that its window is private: %j', async (incognito) => {
    const { received } = await start({ incognito });
    expect(received[0]?.type).toBe('START_UPDATES');
    expect('private' in (received[0] ?? {})).toBe(incognito);
  });

  test('ends its stream once the extension is gone', async () => {
    const { ports, find } = await start();
    Object.assign(fakeBrowser.runtime, { id: undefined });
    ports[0]?.disconnect();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(find('.values').dataset['stream']).toBe('closed');
  });
});
