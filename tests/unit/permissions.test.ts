/** Each permission that the manifest asks for stands in the README with its reason. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

// The cells of tables are padded.
const readme = readFileSync('README.md', 'utf8').replaceAll(/ +/g, ' ');
const config = readFileSync('wxt.config.ts', 'utf8');
const list = config.match(/\n\s+permissions: \[([\s\S]*?)\n? *\],\n\s+host_permissions/)?.[1] ?? '';
const permissions = [...list.matchAll(/'([a-zA-Z]+)'/g)].map(([, name]) => name).filter((name) => name !== 'firefox');

test('the permissions are found in the manifest', () => {
  expect(permissions).toContain('storage');
});

test.each(permissions)('README says why %s is asked for', (permission) => {
  const row = readme.split('\n').find((line) => line.startsWith(`| \`${permission}\` |`));
  expect(row?.split('|')[3]?.trim()).toMatch(/\w+ \w+/);
});

test('README names no permission that is not asked for', () => {
  const section = readme.split('## Permissions')[1]?.split('\n## ')[0] ?? '';
  const named = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  expect(named.toSorted()).toEqual(permissions.toSorted());
});
