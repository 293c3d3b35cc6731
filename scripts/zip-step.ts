import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, runCommand, tool } from './run-command.ts';
import type { Step } from './step.ts';

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };

/** What is in each zip, at its top; Firefox's store asks for the sources too. */
const CONTENTS = { sources: 'wxt.config.ts', chrome: 'manifest.json', edge: 'manifest.json', firefox: 'manifest.json' };

/** What is wrong with a zip, or `null`. A zip holds the names of its files as they are. */
function faultOf(path: string, name: string): string | null {
  try {
    return readFileSync(path).includes(name) ? null : `Cannot use "${path}": it holds no ${name}`;
  } catch {
    return `Cannot use "${path}": it was not made`;
  }
}

/** Makes a production build and its zips, as `npm run zip` does. The build alone would take as long. */
export function zipStep(browser: 'chrome' | 'edge' | 'firefox', after: readonly string[]): Step {
  return {
    name: `build ${browser}`,
    after,
    async run(signal) {
      const zips = browser === 'firefox' ? ([browser, 'sources'] as const) : [browser];
      const paths = zips.map((zip) => ({ path: join(ROOT, '.output', `tidings-${version}-${zip}.zip`), zip }));
      for (const { path } of paths) rmSync(path, { force: true });
      const { code, output } = await runCommand(tool('wxt/bin/wxt.mjs', 'zip', '-b', browser), { signal });
      const faults = paths.map(({ path, zip }) => faultOf(path, CONTENTS[zip])).filter((fault) => fault !== null);
      return code === 0 && faults.length === 0
        ? { passed: 1, failed: 0, log: '' }
        : { passed: 0, failed: 1, log: `${output}\n${faults.join('\n')}` };
    },
  };
}
