import { defineConfig } from 'vitest/config';
import { WxtVitest } from 'wxt/testing/vitest-plugin';

export default defineConfig({
  test: {
    teardownTimeout: 30_000,
    // More than one project, because the unit tests want a fake `browser` and the others must never get one.
    projects: [
      {
        plugins: [WxtVitest()],
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.ts', 'tests/conformance/fake.test.ts', 'tests/hostile/**/*.test.ts'],
          environment: 'node',
          // Property tests take seconds, and many more on a busy machine: a limit for what hangs, not a pass mark.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'manifests',
          include: ['tests/manifests/**/*.test.ts'],
          environment: 'node',
        },
      },
      {
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts', 'tests/conformance/{chromium,firefox}.test.ts'],
          environment: 'node',
          fileParallelism: false,
          maxWorkers: 1,
          // A browser starts in seconds, and the fault tests wait for its own limits (30 s to an idle stop).
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'faults',
          include: ['tests/faults/**/*.test.ts'],
          environment: 'node',
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
