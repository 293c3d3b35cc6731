import { setTimeout as delay } from 'node:timers/promises';
import type { SourceName } from '../servers/action.ts';
import type { Demo } from '../servers/demo.ts';
import { NONSENSE_KINDS } from '../servers/nonsense.ts';
import type { Random } from './random.ts';
import type { SoakSources } from './sources.ts';

/** What happens, by itself over when it has resolved. */
export type Fault<Target> = (target: Target, random: Random) => Promise<void>;

type OneSource = [demo: Demo, source: SourceName];

const choose = ({ fast, steady }: SoakSources, random: Random): OneSource =>
  random.oneOf<OneSource>([
    [fast, 'events'],
    [steady, 'events'],
    [fast, 'socket'],
    [fast, 'json'],
  ]);

/** Faults of sources. Silence is longer than their feeds allow half of the time. */
export const SOURCE_FAULTS: Record<string, Fault<SoakSources>> = {
  async 'source drops its connections and refuses new ones'(sources, random) {
    const [demo, source] = choose(sources, random);
    demo.control(source, { action: 'stop' });
    await delay(random.between(100, 4_000));
    demo.control(source, 'return');
  },
  async 'source answers with an error'(sources, random) {
    const [demo, source] = choose(sources, random);
    demo.control(source, { action: 'fail', status: random.oneOf([429, 500, 502, 503]) });
    await delay(random.between(100, 2_000));
    demo.control(source, 'return');
  },
  async 'source is silent'(sources, random) {
    const [demo, source] = choose(sources, random);
    demo.control(source, 'silent');
    await delay(random.between(500, 9_000));
    demo.control(source, 'return');
  },
  async 'source sends nonsense'({ fast, steady }, random) {
    const [demo, source] = random.oneOf<OneSource>([
      [fast, 'events'],
      [steady, 'events'],
      [fast, 'socket'],
    ]);
    demo.control(source, { action: 'nonsense', kind: random.oneOf(NONSENSE_KINDS) });
  },
  async 'source sends a burst'(sources, random) {
    const [demo, source] = choose(sources, random);
    demo.control(source, { action: 'burst', count: random.between(100, 3_000) });
  },
};
