import { afterEach, expect, test, vi } from 'vitest';
import { createExtensionPage } from '../../fakes/extension-page';

afterEach(() => {
  vi.unstubAllGlobals();
});

test('side panel has conversation and values, and nothing in its head', async () => {
  const { find } = createExtensionPage();
  await import('../../../entrypoints/sidepanel/main');
  await vi.waitFor(() => find('.values'), { timeout: 10_000 });
  expect([...find('main').children].map(({ className }) => className)).toEqual(['conversation', 'values']);
  expect(find('.head').children).toHaveLength(0);
});
