import { describe, expect, test, vi } from 'vitest';
import type { Settings } from '../../../utils/settings/settings';
import type { StoredSettings } from '../../../utils/settings/settings-store';
import { createSettingsFollower, READ_AGAIN_MS } from '../../../utils/settings/settings-follower';

const named = (id: string): Settings => ({
  version: 1,
  feeds: [],
  sites: [{ id, patterns: ['http://localhost/*'], feeds: null }],
});
const nameOf = ({ settings }: StoredSettings): string | undefined => settings.sites[0]?.id;

function setUp(takeUp: (name: string | undefined) => Promise<void> | void = () => undefined) {
  const world = { stored: { settings: named('first'), isStandIn: false }, now: 0 };
  const read = vi.fn(() => Promise.resolve(world.stored));
  const follower = createSettingsFollower(
    read,
    (stored) => takeUp(nameOf(stored)),
    () => world.now,
  );
  const change = (name: string): Promise<StoredSettings> => {
    world.stored = { settings: named(name), isStandIn: false };
    return follower.reread();
  };
  return { follower, change, read, world };
}

describe('settings follower', () => {
  test('takes the settings up once, however many ask', async () => {
    const takeUp = vi.fn();
    const { follower } = setUp(takeUp);
    await Promise.all([follower.current(), follower.current()]);
    expect(takeUp).toHaveBeenCalledOnce();
  });

  test('gives the new settings from a change on, when they are taken up', async () => {
    const taken: unknown[] = [];
    const { follower, change } = setUp((name) => void taken.push(name));
    await follower.current();
    const changed = change('second');
    expect(nameOf(await follower.current())).toBe('second');
    expect(nameOf(await changed)).toBe('second');
    expect(taken).toEqual(['first', 'second']);
  });

  test('takes up two changes in a row one after the other', async () => {
    const steps: string[] = [];
    const { follower, change } = setUp(async (name) => {
      steps.push(`begin ${name}`);
      await Promise.resolve();
      steps.push(`end ${name}`);
    });
    await Promise.all([follower.current(), change('second'), change('third')]);
    expect(steps.length).toBe(6);
    for (let at = 0; at < steps.length; at += 2) expect(steps[at + 1]).toBe(steps[at]?.replace('begin', 'end'));
    expect(steps.at(-1)).toBe('end third');
  });

  test('reads stand-ins again when asked, every 10 s at most, and takes the settings up when they come', async () => {
    const taken: unknown[] = [];
    const { follower, read, world } = setUp((name) => void taken.push(name));
    world.stored = { settings: named('stand-in'), isStandIn: true };
    await follower.current();
    world.now = READ_AGAIN_MS - 1;
    await follower.current();
    expect(read).toHaveBeenCalledTimes(1);
    world.now = READ_AGAIN_MS;
    await Promise.all([follower.current(), follower.current()]);
    expect(await follower.current()).toBe(world.stored);
    expect(read).toHaveBeenCalledTimes(2);
    world.stored = { settings: named('first'), isStandIn: false };
    world.now = 2 * READ_AGAIN_MS;
    expect(await follower.current()).toBe(world.stored);
    expect(taken).toEqual(['stand-in', 'first']);
    world.now = 9 * READ_AGAIN_MS;
    await follower.current();
    expect(read).toHaveBeenCalledTimes(3);
  });
});
