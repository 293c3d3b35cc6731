/** A step of `npm test` that is a run of Vitest, counted test by test. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, runCommand, tool } from './run-command.ts';
import type { Outcome, Step } from './step.ts';

/** The part of Vitest's JSON report that is counted. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
}

function readReport(path: string): Report | null {
  try {
    // Written by the Vitest of the lockfile a moment ago: its shape is known.
    return JSON.parse(readFileSync(path, 'utf8')) as Report;
  } catch {
    return null;
  }
}

/**
 * Counts a run. A skipped test counts as failed: it proves nothing. So does a file that failed without a failed test (it
 * did not load), a run without a test, and a runner that ended badly for a reason no test shows.
 */
export function countTests(report: Report | null, exitCode: number | null): Pick<Outcome, 'passed' | 'failed'> {
  if (report === null) return { passed: 0, failed: 1 };
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  const failed = report.numFailedTests + report.numPendingTests + report.numTodoTests + brokenFiles.length;
  const passed = report.numPassedTests;
  const isUnexplained = failed === 0 && (exitCode !== 0 || passed === 0);
  return { passed, failed: isUnexplained ? 1 : failed };
}

/** What to show again at the end: the failures, without the list of all tests before them. */
function failuresOf(output: string): string {
  const start = output.search(/^.* Failed (?:Suites|Tests) /m);
  return start === -1 ? output : output.slice(start);
}

/** Runs one project of vitest.config.ts. With `show` its results are printed test by test as they come. */
export function vitestStep(project: string, options: { after: readonly string[]; show: boolean }): Step {
  return {
    name: project,
    after: options.after,
    async run(signal) {
      const folder = join(ROOT, '.tmp', 'test');
      mkdirSync(folder, { recursive: true });
      const reportFile = join(folder, `${project}.json`);
      rmSync(reportFile, { force: true });
      const reporters = [`--reporter=${options.show ? 'verbose' : 'default'}`, '--reporter=json'];
      const commandLine = tool('vitest/vitest.mjs', 'run', '--project', project, ...reporters);
      const { code, output } = await runCommand([...commandLine, `--outputFile.json=${reportFile}`], {
        signal,
        show: options.show,
        logFile: join(folder, `${project}.log`),
      });
      const counts = countTests(readReport(reportFile), code);
      return { ...counts, log: counts.failed > 0 ? failuresOf(output) : '' };
    },
  };
}
