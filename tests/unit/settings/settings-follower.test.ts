import { describe, expect, test, vi } from 'vitest';
import type { Settings } from '../../../utils/settings/settings';
import { createSettingsFollower } from '../../../utils/settings/settings-follower';
import type { SettingsStore } from '../../../utils/settings/settings-store';

const named = (id: string): Settings => ({
  version: 1,
  feeds: [],
  sites: [{ id, patterns: ['http://localhost/*'], feeds: null }],
});
const nameOf = ({ sites }: Settings): string | undefined => sites[0]?.id;

function setUp(takeUp: (name: string | undefined) => Promise<void> | void = () => undefined) {
  let stored = named('first');
  const listeners = new Set<() => void>();
  const store: SettingsStore = {
    read: () => Promise.resolve({ settings: stored, isStandIn: false }),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const follower = createSettingsFollower(store, ({ settings }) => takeUp(nameOf(settings)));
  const change = (name: string): void => {
    stored = named(name);
    for (const listener of listeners) listener();
  };
  return { follower, change, listeners };
}

describe('settings follower', () => {
  test('takes the settings up once, however many ask', async () => {
    const takeUp = vi.fn();
    const { follower } = setUp(takeUp);
    await Promise.all([follower.current(), follower.current()]);
    expect(takeUp).toHaveBeenCalledOnce();
  });

  test('tells of a change when it is taken up, and gives the new settings from then on', async () => {
    const { follower, change } = setUp();
    await follower.current();
    const taken: unknown[] = [];
    follower.follow((settings) => taken.push(nameOf(settings)));
    change('second');
    expect(nameOf(await follower.current())).toBe('second');
    expect(taken).toEqual(['second']);
  });

  test('takes up two changes in a row one after the other', async () => {
    const steps: string[] = [];
    const { follower, change } = setUp(async (name) => {
      steps.push(`begin ${name}`);
      await Promise.resolve();
      steps.push(`end ${name}`);
    });
    follower.follow(() => undefined);
    const first = follower.current();
    change('second');
    change('third');
    await Promise.all([first, follower.current()]);
    expect(steps.length).toBe(6);
    for (let at = 0; at < steps.length; at += 2) expect(steps[at + 1]).toBe(steps[at]?.replace('begin', 'end'));
    expect(steps.at(-1)).toBe('end third');
  });

  test('stops following when told', () => {
    const { follower, listeners } = setUp();
    follower.follow(() => undefined)();
    expect(listeners.size).toBe(0);
  });
});
