import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { isIntact, nodePackage, unpackPinned } from '../../../scripts/pinned-node.mjs';

interface LockedPackage {
  version: string;
  integrity?: string;
  os?: string | string[];
  cpu?: string | string[];
}
const project = JSON.parse(readFileSync('package.json', 'utf8')) as { optionalDependencies: Record<string, string> };
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, LockedPackage>;
};

describe('the Node of each platform', () => {
  test.each([
    ['linux', 'x64'],
    ['linux', 'arm64'],
    ['darwin', 'x64'],
    ['darwin', 'arm64'],
  ])('%s on %s is pinned with its hash', (platform, arch) => {
    const name = nodePackage(platform, arch) ?? '';
    const { version, integrity, os, cpu } = packages[`node_modules/${name}`] ?? { version: 'none' };
    expect(project.optionalDependencies[name]).toBe(version);
    expect(version).toMatch(/^24\.\d+\.\d+$/);
    expect(integrity).toMatch(/^sha512-[\w+/]{86}==$/);
    expect([os, cpu].flat()).toEqual([platform, arch]);
  });

  test('is unknown where the registry has none', () => {
    expect(nodePackage('linux', 'riscv64')).toBeNull();
    expect(nodePackage('win32', 'x64')).toBeNull();
  });
});

const integrityOf = (bytes: Uint8Array): string => `sha512-${createHash('sha512').update(bytes).digest('base64')}`;

test('bytes are intact with their own SHA-512 alone', () => {
  const bytes = new TextEncoder().encode('a package');
  expect(isIntact(bytes, integrityOf(bytes))).toBe(true);
  expect(isIntact(new TextEncoder().encode('another package'), integrityOf(bytes))).toBe(false);
  expect(isIntact(bytes, undefined)).toBe(false);
  expect(isIntact(bytes, '')).toBe(false);
  expect(isIntact(bytes, `sha1-${createHash('sha1').update(bytes).digest('base64')}`)).toBe(false);
});

describe('a pinned package', () => {
  let folder: string;
  let tarball: string;
  const ran = (): string => join(folder, 'ran');

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tidings-pinned-'));
    const bin = join(folder, 'source', 'package', 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'node'), `#!/bin/sh\ntouch "${ran()}"\n`);
    chmodSync(join(bin, 'node'), 0o755);
    tarball = join(folder, 'source.tgz');
    spawnSync('tar', ['-czf', tarball, '-C', join(folder, 'source'), 'package']);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const kept = (): string => join(folder, 'kept');
  /** As npm does it: the tarball is put where it is asked to. */
  const npm = (code = 0) =>
    vi.fn(async (_args: string[]) => {
      if (code === 0) copyFileSync(tarball, join(kept(), 'node-test-24.0.0.tgz'));
      return { code, output: code === 0 ? '' : 'E404\n' };
    });
  const unpack = (integrity: string, runNpm: ReturnType<typeof npm>) =>
    unpackPinned({ name: 'node-test', pin: { version: '24.0.0', integrity }, folder: kept(), runNpm });

  test('is unpacked when its hash is the pinned one, and kept', async () => {
    const runNpm = npm();
    const bin = join(kept(), 'node-test-24.0.0', 'bin');
    expect(await unpack(integrityOf(readFileSync(tarball)), runNpm)).toEqual({ bin });
    expect(existsSync(join(bin, 'node'))).toBe(true);
    expect(await unpack(integrityOf(readFileSync(tarball)), runNpm)).toEqual({ bin });
    expect(runNpm).toHaveBeenCalledExactlyOnceWith(['pack', 'node-test@24.0.0', '--pack-destination', kept()]);
  });

  test('with another hash is neither unpacked nor run', async () => {
    const other = integrityOf(new TextEncoder().encode('what was pinned'));
    expect(await unpack(other, npm())).toEqual({
      failure: 'Cannot use node-test 24.0.0: what npm downloaded is not what package-lock.json pins',
    });
    expect(existsSync(ran())).toBe(false);
    expect(existsSync(join(kept(), 'package'))).toBe(false);
    expect(existsSync(join(kept(), 'node-test-24.0.0.tgz'))).toBe(false);
  });

  test('that npm cannot download is told with the words of npm', async () => {
    expect(await unpack('', npm(1))).toEqual({
      failure: 'E404\nCannot download node-test 24.0.0: npm ended with code 1',
    });
  });
});
