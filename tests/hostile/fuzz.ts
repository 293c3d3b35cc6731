/** `npm run fuzz`: the whole of every campaign in tests/hostile, with a seed that is printed and can be given again. */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

const HELP = `Usage: npm run fuzz -- [--seed N] [--share S] [campaign]

  --seed N    begins with this seed; what failed with it fails again at once
  --share S   the part of each campaign to run, from 0 to 1; default 1
  campaign    part of a file name in tests/hostile, as "sources"; default all

1 000 000 messages and 200 000 bodies in all.`;

const { values, positionals } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    share: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

if (values.help) {
  console.log(HELP);
} else if (!/^\d+$/.test(values.seed) || !(Number(values.share) > 0 && Number(values.share) <= 1)) {
  console.error(HELP);
  process.exitCode = 1;
} else {
  const startedAt = performance.now();
  console.log(`seed ${values.seed}`);
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const files = positionals.length > 0 ? positionals.map((name) => `tests/hostile/${name}`) : ['tests/hostile/'];
  const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', 'unit', ...files], {
    stdio: 'inherit',
    env: {
      ...process.env,
      TIDINGS_FUZZ_SEED: values.seed,
      TIDINGS_FUZZ_SHARE: values.share,
      // For the heap to be measured. Vitest hands its own execArgv to no project.
      NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --expose-gc`,
    },
  });
  console.log(`seed ${values.seed}, ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
  process.exitCode = status ?? 1;
}
