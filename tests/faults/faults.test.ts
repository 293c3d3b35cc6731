import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { BROWSERS } from '../browser/use-tidings.ts';
import { waysMarkdown, WAYS } from './document.ts';
import { keyOf, type RunningRows, startRows } from './lanes.ts';
import { canInduce } from './row.ts';
import { FAULT_ROWS } from './rows.ts';

/** All rows of both browsers run beside each other from the start; a test waits for its own. */
const ALL_LIMIT_MS = 1_200_000;

test('there are 37 faults', () => {
  expect(FAULT_ROWS.map(({ number }) => number)).toEqual(Array.from({ length: 37 }, (_, index) => index + 1));
});

test('what cannot be brought about is known', () => {
  const cannot = FAULT_ROWS.flatMap(({ number, browsers }) =>
    BROWSERS.flatMap((name) => {
      const way = browsers[name];
      return 'cannot' in way ? [`${number} in ${name}: ${way.cannot}`] : [];
    }),
  );
  expect(cannot).toEqual([
    '9 in firefox: Firefox has no frozen state',
    '10 in firefox: Firefox has no frozen state',
    '13 in firefox: Firefox does not prerender',
  ]);
});

test('docs/FAULTS.md says how each is brought about (npm run faults -- --document writes it)', async () => {
  const text = await readFile('docs/FAULTS.md', 'utf8');
  const written = text.slice(text.indexOf(WAYS.begin) + WAYS.begin.length, text.indexOf(WAYS.end)).trim();
  expect(written).toBe((await waysMarkdown()).trim());
});

describe('faults', () => {
  let results: RunningRows;
  beforeAll(() => {
    results = startRows(FAULT_ROWS, BROWSERS, ({ runs }) => runs.short);
  });

  describe.each(BROWSERS)('in %s', (name) => {
    test.each(FAULT_ROWS.filter((row) => canInduce(row, name)))(
      '$number $fault: $holds',
      async (row) => {
        const result = await results.get(keyOf(row, name));
        if (result?.failure) throw result.failure;
        expect(result?.tally).toMatchObject({ lost: 0, twice: 0, disordered: 0, shownLost: 0 });
        expect(result?.tally.runs).toBeGreaterThan(0);
      },
      ALL_LIMIT_MS,
    );
  });
});
