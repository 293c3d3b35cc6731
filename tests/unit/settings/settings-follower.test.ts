import { describe, expect, test, vi } from 'vitest';
import type { Settings } from '../../../utils/settings/settings';
import { createSettingsFollower } from '../../../utils/settings/settings-follower';

const named = (id: string): Settings => ({
  version: 1,
  feeds: [],
  sites: [{ id, patterns: ['http://localhost/*'], feeds: null }],
});
const nameOf = ({ sites }: Settings): string | undefined => sites[0]?.id;

function setUp(takeUp: (name: string | undefined) => Promise<void> | void = () => undefined) {
  let stored = named('first');
  const follower = createSettingsFollower(
    () => Promise.resolve({ settings: stored, isStandIn: false }),
    ({ settings }) => takeUp(nameOf(settings)),
  );
  const change = (name: string): Promise<Settings> => {
    stored = named(name);
    return follower.reread();
  };
  return { follower, change };
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
});
