/**
 * `npm run bench`: measures Tidings beside the plain ways in real Chromium, prints the figures and writes them into
 * docs/BENCHMARKS.md. `-- --only <name>` measures one and writes nothing. It fails when something could not be
 * measured, or was not whole; a missed aim is printed as such.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../scripts/run-command.ts';
import { buildEmpty, buildMeasuring, buildProduct, buildReconnect, buildTelling } from './build.ts';
import { measureBursts } from './burst-figure.ts';
import { measureBlocked } from './blocked-figure.ts';
import { measureContent } from './content-figure.ts';
import { writeBetweenMarkers } from './document.ts';
import { type Figure, toMarkdown } from './figure.ts';
import { measureHidden } from './hidden-figure.ts';
import { describeMachine } from './machine.ts';
import { measurePorts } from './ports-figure.ts';
import { measureRecovery } from './recovery-figure.ts';
import { measureShown } from './shown-figure.ts';
import { measureUpdates } from './update-figure.ts';

const startedAt = performance.now();
const { only } = parseArgs({ options: { only: { type: 'string' } } }).values;
const machine = describeMachine(['chromium', 'firefox']);

console.log('Building the extensions');
const measuring = await buildMeasuring();

let built: Promise<string> | undefined;
const product = (): Promise<string> => (built ??= buildProduct());

const measurements: Record<string, () => Promise<Figure>> = {
  update: () => measureUpdates(measuring),
  burst: () => measureBursts(measuring),
  hidden: async () => measureHidden(measuring, await product()),
  recovery: async () =>
    measureRecovery(
      { chromium: await buildTelling('chromium'), firefox: await buildTelling('firefox') },
      await buildReconnect(),
    ),
  ports: () => measurePorts(measuring),
  blocked: () => measureBlocked(measuring),
  shown: async () => measureShown(measuring, await product()),
  content: async () =>
    measureContent({
      product: await product(),
      empty: await buildEmpty(),
      stored: await buildProduct({ isForStores: true }),
    }),
};
const chosen = Object.entries(measurements).filter(([name]) => only === undefined || only === name);
if (chosen.length === 0)
  throw new RangeError(`Cannot measure "${only}": it is none of ${Object.keys(measurements).join(', ')}`);

const figures: Figure[] = [];
for (const [name, run] of chosen) {
  console.log(`Measuring: ${name}`);
  const figure = await run();
  figures.push(figure);
  console.log(`\n${toMarkdown(figure)}\n`);
}

const seconds = Math.round((performance.now() - startedAt) / 1_000);
const about = [`\`npm run bench\`, ${new Date().toISOString().slice(0, 10)}, ${seconds} s`, ...machine];
const markdown = [about.map((line) => `- ${line}`).join('\n'), ...figures.map(toMarkdown)].join('\n\n');
console.log(about.join('\n'));
const isWhole = figures.every(({ failures }) => failures.length === 0);
if (isWhole && only === undefined) await writeBetweenMarkers(join(ROOT, 'docs', 'BENCHMARKS.md'), markdown);
process.exitCode = isWhole ? 0 : 1;
