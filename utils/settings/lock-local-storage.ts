import { browser } from 'wxt/browser';

/** Chrome 140 and later; not in the polyfill's types. */
interface Lockable {
  setAccessLevel?(options: { accessLevel: 'TRUSTED_CONTEXTS' }): Promise<void>;
}

/**
 * Keeps content scripts out of `storage.local` where the browser can. Nothing lies there: what should ever come to lie
 * there is then out of their reach too. [firefox] Has no such lock.
 */
export function lockLocalStorage(): void {
  const area = browser.storage.local as Lockable;
  area
    .setAccessLevel?.({ accessLevel: 'TRUSTED_CONTEXTS' })
    .catch((error: unknown) => console.warn('Cannot lock storage.local', error));
}
