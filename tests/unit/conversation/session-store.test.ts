import { describe, expect, test } from 'vitest';
import type { Entry } from '../../../utils/conversation/protocol';
import { createSessionStore, type SessionArea } from '../../../utils/conversation/session-store';

const ENTRY: Entry = { id: 'a', at: 1, from: 'person', text: 'hi', to: null, answers: null, outcome: null };

/** `storage.session` in memory: what it gives is a copy. */
function createArea(): SessionArea & { items: Record<string, unknown> } {
  const items: Record<string, unknown> = {};
  return {
    items,
    get: (key) => Promise.resolve(structuredClone(key in items ? { [key]: items[key] } : {})),
    set: (added) => Promise.resolve(void Object.assign(items, structuredClone(added))),
  };
}

describe('session store', () => {
  test('gives back what was saved last, also to the next background', async () => {
    const area = createArea();
    await createSessionStore(() => area, 'conversation').save([]);
    await createSessionStore(() => area, 'conversation').save([ENTRY]);
    expect(await createSessionStore(() => area, 'conversation').load()).toEqual([ENTRY]);
  });

  test('keeps what was said in private windows apart', async () => {
    const area = createArea();
    await createSessionStore(() => area, 'private-conversation').save([ENTRY]);
    expect(await createSessionStore(() => area, 'conversation').load()).toBeUndefined();
    expect(await createSessionStore(() => area, 'private-conversation').load()).toEqual([ENTRY]);
  });

  test('has nothing in a new session, and touches nothing else there', async () => {
    const area = createArea();
    area.items['other'] = 1;
    expect(await createSessionStore(() => area, 'conversation').load()).toBeUndefined();
    await createSessionStore(() => area, 'conversation').save([ENTRY]);
    expect(area.items['other']).toBe(1);
  });

  test('asks for the area at each use, and rejects where there is none', async () => {
    const areas: SessionArea[] = [];
    const store = createSessionStore(() => areas[0] as SessionArea, 'conversation');
    await expect(store.load()).rejects.toThrow(TypeError);
    await expect(store.save([ENTRY])).rejects.toThrow(TypeError);
    areas.push(createArea());
    await store.save([ENTRY]);
    expect(await store.load()).toEqual([ENTRY]);
  });

  test('rejects where the browser refuses', async () => {
    const refuse = (): Promise<never> => Promise.reject(new Error('refused'));
    const store = createSessionStore(() => ({ get: refuse, set: refuse }), 'conversation');
    await expect(store.load()).rejects.toThrow('refused');
    await expect(store.save([ENTRY])).rejects.toThrow('refused');
  });
});
