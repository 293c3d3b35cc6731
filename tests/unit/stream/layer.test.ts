/** The stream can be lifted out by copying one folder. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const FOLDER = 'utils/stream';
const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const importsOf = (file: string): string[] =>
  [...readFileSync(`${FOLDER}/${file}`, 'utf8').matchAll(/(?:from|import\(?)\s*'([^']+)'/g)].map(
    ([, path]) => path ?? '',
  );

test('the stream has files to look at', () => {
  expect(files).toContain('protocol.ts');
  expect(importsOf('subscriber.ts').length).toBeGreaterThan(3);
});

describe.each(files)('utils/stream/%s', (file) => {
  test('imports nothing from outside the stream', () => {
    expect(importsOf(file).filter((path) => !/^\.\/[a-z-]+$/.test(path))).toEqual([]);
  });

  test('does not touch the browser by name', () => {
    expect(readFileSync(`${FOLDER}/${file}`, 'utf8')).not.toMatch(/\b(browser|chrome)\.(?!.*`)\w+\(/);
  });
});

test('protocol.ts imports nothing at all', () => {
  expect(importsOf('protocol.ts')).toEqual([]);
});
