/**
 * Runs Tidings for as long as it takes to see what grows: `npm run soak -- --minutes 60`. Faults happen all the while; after each
 * minute it is measured.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeBetweenMarkers } from '../bench/document.ts';
import { describeMachine } from '../bench/machine.ts';
import { BROWSERS } from '../tests/browser/use-tidings.ts';
import { MIN_MINUTES } from '../tests/soak/flatness.ts';
import { isWhole, minuteLine, soakMarkdown } from '../tests/soak/report.ts';
import { runSoak } from '../tests/soak/run-soak.ts';
import { withLock } from './lock.mjs';
import { ROOT, runCommand, tool } from './run-command.ts';
import { stopSignal } from './stop-signal.ts';

const HELP = `npm run soak [-- options]

20 pages and both panels on four sources, with faults all the while. After each minute: heaps, connections, timers and ports.
It fails when something is lost, comes twice or out of order, or when an error is reported; what grows is printed as missed.

  --minutes <number>  how long, from ${MIN_MINUTES}; default 10
  --seed <number>     of the faults; default: another one each time. It is printed
  --browser <name>    chromium, the default, or firefox, which tells no heaps
  --document          writes the tables into docs/BENCHMARKS.md, if nothing was lost
  --help              this text`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    browser: { type: 'string', default: 'chromium' },
    document: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

function fail(message: string): never {
  console.error(`Cannot run the soak: ${message}; npm run soak -- --help lists the options`);
  process.exit(1);
}

const BEGIN = '<!-- soak: begin, written by npm run soak -- --document -->';
const END = '<!-- soak: end -->';

async function run(): Promise<void> {
  const browser = BROWSERS.find((name) => name === values.browser) ?? fail(`there is no browser "${values.browser}"`);
  const minutes = Number(values.minutes);
  if (!(Number.isInteger(minutes) && minutes >= MIN_MINUTES)) fail(`"${values.minutes}" is no number of minutes`);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  if (!Number.isInteger(seed)) fail(`"${values.seed}" is no seed`);

  const signal = stopSignal();
  const target = browser === 'chromium' ? 'chrome' : 'firefox';
  // The lock lets no npm test build at the same time; the soak runs on a copy.
  const { code, output } = await withLock('test', () =>
    runCommand(tool('wxt/bin/wxt.mjs', 'build', '-b', target, '-m', 'test'), { signal }),
  );
  if (code !== 0) fail(`the build failed\n${output}`);

  const [hardware = '', software = ''] = describeMachine();
  const command = `npm run soak -- --minutes ${minutes} --seed ${seed}${browser === 'firefox' ? ' --browser firefox' : ''}`;
  console.log(command);
  const result = await runSoak({
    browser,
    minutes,
    seed,
    signal,
    onMinute: (minute, measured) => console.log(minuteLine(minute, measured)),
    onFailure: (text) => console.log(`FAILED: ${text}`),
  });
  const about = [
    `\`${command}\`, ${new Date().toISOString().slice(0, 10)}`,
    hardware,
    browser === 'chromium' ? software : `${result.version}; Node ${process.versions.node}`,
  ];
  const markdown = `${about.map((line) => `- ${line}`).join('\n')}\n\n${soakMarkdown(result)}`;
  console.log(`\n${markdown}`);
  process.exitCode = isWhole(result) ? 0 : 1;
  if (!values.document || !isWhole(result)) return;
  await writeBetweenMarkers(join(ROOT, 'docs', 'BENCHMARKS.md'), markdown, { begin: BEGIN, end: END });
}

if (values.help) console.log(HELP);
else await run();
