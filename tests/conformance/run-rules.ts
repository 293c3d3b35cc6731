import { afterAll, expect, test } from 'vitest';
import type { Cannot, Rule } from './rule.ts';
import { RULES } from './rules.ts';
import type { World } from './world.ts';

const isCannot = (x: unknown): x is Cannot => typeof x === 'object' && x !== null && 'cannot' in x;

/** Makes a test of every rule. `open` is called once for all rules, and once more for each kind of broken background. */
export function runRules(
  flavour: 'chromium' | 'firefox',
  open: (options: Pick<Rule, 'throws'>) => Promise<World>,
): void {
  const worlds = new Map<Rule['throws'], Promise<World>>();
  const worldOf = (throws: Rule['throws']): Promise<World> => {
    const world = worlds.get(throws) ?? open(throws ? { throws } : {});
    worlds.set(throws, world);
    return world;
  };
  afterAll(async () => {
    await Promise.all([...worlds.values()].map(async (world) => (await world).close()));
  });

  for (const rule of RULES) {
    const expected = rule.browsers[flavour];
    if (isCannot(expected)) continue;
    test(rule.name, async () => {
      expect(await rule.run(await worldOf(rule.throws))).toEqual(expected);
    });
  }

  test('the rules that cannot be induced here are these, each with its reason', () => {
    const listed = RULES.flatMap(({ name, browsers }) => {
      const outcome = browsers[flavour];
      return isCannot(outcome) ? [`${name}: ${outcome.cannot}`] : [];
    });
    expect(listed).toEqual(CANNOT[flavour]);
  });
}

const CANNOT = {
  chromium: ['background disconnects a page that is in the back/forward cache: its end of the port is closed by then'],
  firefox: [
    'a frozen page gets all at once after the thaw: Firefox has no frozen state',
    'background killed while the page is frozen: nobody tells it: Firefox has no frozen state',
    'background disconnects a frozen page: Firefox has no frozen state',
  ],
};
