/** The steps of `npm test`, run two at a time as they become ready. The last line printed is the totals of all of them. */
import { withLock } from './lock.mjs';
import { tool } from './run-command.ts';
import { isWithin, measure, table } from './sizes.ts';
import { commandStep, type Outcome, type Step } from './step.ts';
import { vitestStep } from './vitest-step.ts';
import { webExtLintStep } from './web-ext-lint.ts';
import { zipStep } from './zip-step.ts';

/** Two keep two cores busy. The tests in browsers measure time: each of the two steps waits until all others have ended. */
const AT_ONCE = 2;

/** What the browser tests load: the build people try out, and one that tells its page what was applied. */
const BROWSER_TEST_BUILDS = ['development', 'test'].flatMap((mode) =>
  ['chrome', 'firefox'].map((browser) => ({ name: `${mode} build ${browser}`, browser, mode })),
);

const STORE_BUILDS = (['chrome', 'firefox', 'edge'] as const).map((browser) => zipStep(browser, ['prepare']));

const sizes: Step = {
  name: 'sizes',
  after: ['build chrome', 'build firefox'],
  async run() {
    const lines = ['chrome-mv3', 'firefox-mv3'].flatMap(measure);
    console.log(table(lines));
    const failed = lines.every(isWithin) ? 0 : 1;
    return { passed: 1 - failed, failed, log: failed === 0 ? '' : table(lines) };
  },
};

// The longest first, so that none of them is left to run alone at the end.
const CHECKS: readonly Step[] = [
  commandStep('prepare', tool('wxt/bin/wxt.mjs', 'prepare')),
  vitestStep('unit', { after: ['prepare'], show: false }),
  commandStep('types', tool('typescript/bin/tsc', '--noEmit'), ['prepare']),
  ...STORE_BUILDS,
  ...BROWSER_TEST_BUILDS.map(({ name, browser, mode }) =>
    commandStep(name, tool('wxt/bin/wxt.mjs', 'build', '-b', browser, '-m', mode), ['prepare']),
  ),
  commandStep('lint', tool('oxlint/bin/oxlint', '--deny-warnings')),
  commandStep('format', tool('prettier/bin/prettier.cjs', '--check', '.')),
  commandStep('knip', tool('knip/bin/knip.js'), ['prepare']),
  webExtLintStep('.output/firefox-mv3', ['build firefox']),
  sizes,
  vitestStep('manifests', { after: [...STORE_BUILDS, ...BROWSER_TEST_BUILDS].map(({ name }) => name), show: false }),
];

const checks = CHECKS.map(({ name }) => name);

const STEPS: readonly Step[] = [
  ...CHECKS,
  vitestStep('browser', { after: checks, show: true }),
  vitestStep('faults', { after: [...checks, 'browser'], show: true }),
];

const IN_BROWSERS: readonly string[] = ['browser', 'faults'];

/** The chosen steps, and the steps they need to find their files. All of them if none is chosen. */
function chooseSteps(only: readonly string[]): readonly Step[] {
  if (only.length === 0) return STEPS;
  const isChosen = ({ name }: Step): boolean =>
    only.includes(name) || (only.includes('builds') && name.includes('build'));
  const chosen = new Set(STEPS.filter(isChosen));
  for (const step of chosen) {
    const needed = IN_BROWSERS.includes(step.name)
      ? ['prepare', ...BROWSER_TEST_BUILDS.map(({ name }) => name)]
      : step.after;
    for (const other of STEPS) if (needed.includes(other.name)) chosen.add(other);
  }
  return STEPS.filter((step) => chosen.has(step));
}

const seconds = (startedAt: number): string => `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;

async function runStep(step: Step, signal: AbortSignal): Promise<Outcome> {
  const startedAt = performance.now();
  if (IN_BROWSERS.includes(step.name)) console.log(`\n${step.name} tests`);
  const outcome = await step.run(signal).catch((error: unknown): Outcome => {
    const log = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { passed: 0, failed: 1, log };
  });
  const verdict = outcome.failed === 0 ? 'ok    ' : 'FAILED';
  const counts = outcome.passed + outcome.failed > 1 ? `  ${outcome.passed} passed, ${outcome.failed} failed` : '';
  console.log(`${verdict} ${step.name.padEnd(26)} ${seconds(startedAt).padStart(8)}${counts}`);
  return outcome;
}

/** Runs the steps, at most two at once, each when the chosen ones it waits for have ended. */
async function runSteps(steps: readonly Step[], signal: AbortSignal): Promise<Map<Step, Outcome>> {
  const outcomes = new Map<Step, Outcome>();
  const running = new Map<Step, Promise<void>>();
  const isReady = (step: Step): boolean =>
    !outcomes.has(step) &&
    !running.has(step) &&
    steps.every((other) => !step.after.includes(other.name) || outcomes.has(other));
  const runAndRecord = async (step: Step): Promise<void> => {
    outcomes.set(step, await runStep(step, signal));
    running.delete(step);
  };
  while (outcomes.size < steps.length && !signal.aborted) {
    const next = running.size < AT_ONCE ? steps.find(isReady) : undefined;
    if (next === undefined) {
      await Promise.race(running.values());
      continue;
    }
    running.set(next, runAndRecord(next));
  }
  await Promise.all(running.values());
  return outcomes;
}

function report(outcomes: Map<Step, Outcome>): void {
  for (const [{ name }, { failed, log }] of outcomes) {
    if (failed > 0) console.log(`\n--- ${name} ---\n${log.trimEnd()}`);
  }
  const all = [...outcomes.values()];
  const sum = (count: (outcome: Outcome) => number): number =>
    all.reduce((total, outcome) => total + count(outcome), 0);
  const failed = sum((outcome) => outcome.failed);
  console.log(`\n${sum((outcome) => outcome.passed)} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

const only = process.argv.slice(2);
const unknown = only.filter((name) => name !== 'builds' && !STEPS.some((step) => step.name === name));
const steps = chooseSteps(only);
if (unknown.length > 0) {
  console.error(`Cannot test "${unknown.join(', ')}": npm test -- --help lists the steps`);
  process.exitCode = 1;
} else {
  const stopped = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stopped.abort());
  const outcomes = await withLock(
    'test',
    () => runSteps(steps, stopped.signal),
    () => console.log('Waiting for another npm test in this folder to end'),
  );
  if (stopped.signal.aborted) {
    console.error('Stopped before all steps had run');
    process.exitCode = 130;
  } else report(outcomes);
}
