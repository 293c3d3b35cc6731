import { describe, expect, test } from 'vitest';
import { countTests } from '../../../scripts/vitest-step.ts';

const report = (counts: {
  passed?: number;
  failed?: number;
  pending?: number;
  todo?: number;
  brokenFiles?: number;
}) => ({
  numPassedTests: counts.passed ?? 0,
  numFailedTests: counts.failed ?? 0,
  numPendingTests: counts.pending ?? 0,
  numTodoTests: counts.todo ?? 0,
  testResults: [
    { status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'passed' }] },
    ...Array.from({ length: counts.brokenFiles ?? 0 }, () => ({ status: 'failed', assertionResults: [] })),
  ],
});

describe('the totals of a run of Vitest', () => {
  test.each([
    ['all passed', report({ passed: 7 }), 0, { passed: 7, failed: 0 }],
    ['some failed', report({ passed: 5, failed: 2 }), 1, { passed: 5, failed: 2 }],
    ['skipped and todo tests count as failed', report({ passed: 5, pending: 1, todo: 1 }), 0, { passed: 5, failed: 2 }],
    ['a file that did not load is a failure', report({ passed: 5, brokenFiles: 2 }), 1, { passed: 5, failed: 2 }],
    ['no test at all is a failure', report({}), 0, { passed: 0, failed: 1 }],
    ['an error outside of the tests is a failure', report({ passed: 5 }), 1, { passed: 5, failed: 1 }],
    ['a runner ended by a signal is a failure', report({ passed: 5 }), null, { passed: 5, failed: 1 }],
    ['a run without a report is a failure', null, 1, { passed: 0, failed: 1 }],
  ])('%s', (_, given, exitCode, expected) => {
    expect(countTests(given, exitCode)).toEqual(expected);
  });
});
