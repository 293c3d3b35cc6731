/** Every module that does something has a test of its own: of its name, in the folder of its name, and importing it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path/posix';
import { describe, expect, test } from 'vitest';

const MODULES = ['utils', 'entrypoints'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => `${folder}/${file}`),
);

/** Whether nothing is left of a module when its types are gone: there is nothing to test in it. */
function hasOnlyTypes(module: string): boolean {
  const code = stripTypeScriptTypes(readFileSync(module, 'utf8'));
  return /^[\s;]*$/.test(code.replaceAll(/\/\*.*?\*\/|\/\/[^\n]*/gs, ''));
}

/** `utils/ui/format.ts` has `ui/format.test.ts`; an entrypoint is named by its folder. */
function testOf(module: string): string {
  const [folder = '', ...path] = module.replace(/\.ts$/, '').split('/');
  if (folder === 'utils') return `tests/unit/${path.join('/')}.test.ts`;
  const [entrypoint, name = ''] = path;
  return `tests/unit/entrypoints/${['index', 'main'].includes(name) ? entrypoint : name}.test.ts`;
}

/** What a file imports from here, but for what it takes the types of alone. */
const importsOf = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/(?:^import (?!type )[^;]*?from |\bimport\()'(\.[^']+)'/gm)].map(
    ([, path = '']) => join(dirname(file), path.replace(/\.ts$/, '')),
  );

test('modules are found, and those of types alone are told from the others', () => {
  expect(MODULES).toContain('entrypoints/popup/main.ts');
  expect(MODULES.filter(hasOnlyTypes)).toContain('utils/stream/feed-reader.ts');
  expect(MODULES.filter(hasOnlyTypes).length).toBeLessThan(MODULES.length / 10);
});

describe.each(MODULES.filter((module) => !hasOnlyTypes(module)))('%s', (module) => {
  test(`is imported by ${testOf(module)}`, () => {
    expect(existsSync(testOf(module)) ? importsOf(testOf(module)) : []).toContain(module.replace(/\.ts$/, ''));
  });
});
