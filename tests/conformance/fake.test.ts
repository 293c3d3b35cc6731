import { describe } from 'vitest';
import { createFakeWorld } from './fake-world.ts';
import { runRules } from './run-rules.ts';

for (const flavour of ['chromium', 'firefox'] as const) {
  describe(`fake of ${flavour}`, () => {
    runRules(flavour, async (options) => createFakeWorld(flavour, options));
  });
}
