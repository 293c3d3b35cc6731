import { fakeBrowser } from '@webext-core/fake-browser';
import { afterEach, expect, test, vi } from 'vitest';
import { lockLocalStorage } from '../../../utils/settings/lock-local-storage';

afterEach(() => {
  vi.restoreAllMocks();
});

const lockWith = (setAccessLevel: unknown): void => {
  Object.assign(fakeBrowser.storage.local, { setAccessLevel });
  lockLocalStorage();
};

test('content scripts are kept out of storage.local', () => {
  const setAccessLevel = vi.fn(() => Promise.resolve());
  lockWith(setAccessLevel);
  expect(setAccessLevel).toHaveBeenCalledExactlyOnceWith({ accessLevel: 'TRUSTED_CONTEXTS' });
});

test('a browser that cannot goes on', () => {
  expect(() => lockWith(undefined)).not.toThrow();
});

test('a browser that refuses is reported', async () => {
  const warned = vi.spyOn(console, 'warn').mockReturnValue();
  lockWith(() => Promise.reject(new Error('refused')));
  await vi.waitFor(() => expect(warned).toHaveBeenCalledOnce());
});
