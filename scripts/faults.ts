/**
 * Brings every fault about as often as it takes to believe that nothing is lost: `npm run faults`. The same rows run in a
 * short form in `npm test`.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { median } from '../bench/statistics.ts';
import type { BrowserName } from '../tests/browser/driver/test-browser.ts';
import { BROWSERS } from '../tests/browser/use-tidings.ts';
import { replaceResults, RESULT_HEAD, resultLines, writeResults, writeWays } from '../tests/faults/document.ts';
import { faultsSeed, SEED_VARIABLE } from '../tests/faults/faults-seed.ts';
import { startRows } from '../tests/faults/lanes.ts';
import type { RowResult } from '../tests/faults/run-row.ts';
import { FAULT_ROWS } from '../tests/faults/rows.ts';
import { withLock } from './lock.mjs';
import { runCommand, tool } from './run-command.ts';
import { stopSignal } from './stop-signal.ts';

const HELP = `npm run faults [-- options]

Brings all faults about, many times, in both browsers beside each other; prints what came of it and writes docs/FAULTS.md.
With --row or --browser only some, with --runs or --short fewer times, and nothing is written.

  --row <number>      just this row; may be given several times
  --browser <name>    just chromium or firefox
  --runs <number>     so many runs of each row
  --seed <number>     what is drawn at random is drawn as with this seed, which each run prints
  --short             as often as npm test does
  --again             puts what comes of the chosen rows into docs/FAULTS.md, in the place of what it has of them
  --document          just writes how each is brought about into docs/FAULTS.md
  --help              this text`;

const { values } = parseArgs({
  options: {
    row: { type: 'string', multiple: true, default: [] },
    browser: { type: 'string' },
    runs: { type: 'string' },
    seed: { type: 'string' },
    again: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
    document: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

function fail(message: string): never {
  console.error(`Cannot run the faults: ${message}; npm run faults -- --help lists the options`);
  process.exit(1);
}

async function build(signal: AbortSignal): Promise<void> {
  for (const browser of ['chrome', 'firefox']) {
    const { code, output } = await runCommand(tool('wxt/bin/wxt.mjs', 'build', '-b', browser, '-m', 'test'), {
      signal,
    });
    if (code !== 0) fail(`the build for ${browser} failed\n${output}`);
  }
}

function print(cells: readonly string[]): void {
  const [fault = '', browser = '', ...rest] = cells;
  const numbers = rest.slice(0, -1).map((cell) => cell.padStart(9));
  console.log(`${fault.slice(0, 60).padEnd(60)} ${browser.padEnd(9)}${numbers.join(' ')}  ${rest.at(-1)}`);
}

/** No test of `npm test` depends on a time; this does. */
function judgeTime(result: RowResult): RowResult {
  const middle = median(result.tally.recoveriesMs);
  const limitMs = result.row.recoversWithinMs ?? Infinity;
  if (result.failure || result.tally.recoveriesMs.length === 0 || middle <= limitMs) return result;
  return { ...result, failure: new Error(`the median recovery took ${middle} ms, over ${limitMs}`) };
}

async function run(): Promise<void> {
  const rows = FAULT_ROWS.filter(({ number }) => values.row.length === 0 || values.row.includes(String(number)));
  const browsers = BROWSERS.filter((name) => values.browser === undefined || name === values.browser);
  if (rows.length === 0) fail(`there is no row ${values.row.join(', ')}`);
  if (browsers.length === 0) fail(`there is no browser "${values.browser}"`);
  const runs = values.runs === undefined ? null : Number(values.runs);
  if (runs !== null && !(Number.isInteger(runs) && runs > 0)) fail(`"${values.runs}" is no number of runs`);

  if (values.seed !== undefined && !/^\d+$/.test(values.seed)) fail(`"${values.seed}" is no seed`);
  if (values.seed !== undefined) process.env[SEED_VARIABLE] = values.seed;

  const signal = stopSignal();
  // The lock lets no npm test build at the same time; rows run on copies.
  await withLock('test', () => build(signal));
  const startedAt = new Date();
  console.log(`seed ${faultsSeed()}`);
  print(RESULT_HEAD);
  const running = startRows(rows, browsers, (row) => runs ?? (values.short ? row.runs.short : row.runs.long));
  const results: RowResult[] = [];
  const versions = new Map<BrowserName, string>();
  await Promise.all(
    Array.from(running.values(), async (promise) => {
      const result = judgeTime(await promise);
      results.push(result);
      if (result.version) versions.set(result.browser, result.version);
      for (const line of resultLines([result])) print(line);
      if (result.failure) console.log(result.failure);
    }),
  );
  results.sort((a, b) => a.row.number - b.row.number || (a.browser < b.browser ? -1 : 1));
  const failed = results.filter(({ failure }) => failure !== null).length;
  console.log(`\n${results.length - failed} held, ${failed} did not`);
  process.exitCode = failed === 0 ? 0 : 1;
  const minutes = Math.round((Date.now() - startedAt.getTime()) / 60_000);
  const options = process.argv.slice(2).join(' ');
  const command = `\`npm run faults${options && ` -- ${options}`}\`, ${startedAt.toISOString().slice(0, 10)}, ${minutes} minutes, seed ${faultsSeed()}`;
  if (values.again) return replaceResults(results, command);
  const isWhole = rows.length === FAULT_ROWS.length && browsers.length === BROWSERS.length;
  if (!isWhole || runs !== null || values.short) return;
  await writeResults(results, [
    command,
    Array.from(versions, ([name, version]) => `${name} ${version}`)
      .toSorted()
      .join(', '),
    `Node ${process.versions.node}, ${cpus().length} cores of ${cpus()[0]?.model.trim() ?? 'unknown'}, both browsers at once`,
  ]);
}

if (values.help) console.log(HELP);
else if (values.document) await writeWays();
else await run();
