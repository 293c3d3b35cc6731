import { fakeBrowser } from '@webext-core/fake-browser';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createPlacementStore } from '../../../utils/ui/placement-store';

const PLACEMENT = { right: true, bottom: false, x: 16, y: 24, collapsed: true };

describe('placement store', () => {
  beforeEach(() => {
    fakeBrowser.reset();
    Object.assign(fakeBrowser, { extension: { inIncognitoContext: false } });
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('keeps the placement of an origin, and knows none of another', async () => {
    createPlacementStore('https://a.example').save(PLACEMENT);
    expect(await createPlacementStore('https://a.example').load()).toEqual(PLACEMENT);
    expect(await createPlacementStore('https://b.example').load()).toBeUndefined();
  });

  test('keeps nothing of a private window', async () => {
    Object.assign(fakeBrowser, { extension: { inIncognitoContext: true } });
    createPlacementStore('https://a.example').save(PLACEMENT);
    expect(await fakeBrowser.storage.local.get()).toEqual({});
  });

  test('lets a refused write go', async () => {
    vi.spyOn(fakeBrowser.storage.local, 'set').mockRejectedValue(new Error('full'));
    expect(() => createPlacementStore('https://a.example').save(PLACEMENT)).not.toThrow();
    await Promise.resolve();
  });
});
