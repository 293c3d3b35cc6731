/**
 * Installs what a run needs and is not there: the dependencies, and the browsers where apt may do it. Then goes on under
 * the project's own Node. Runs on Node 18 with nothing installed, so it imports nothing but Node.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ask, installWithApt, lookAtMachine } from './apt.mjs';
import { BROWSERS, explainMissing, findBrowser } from './find-browser.mjs';
import { withLock } from './lock.mjs';
import { nodePackage, unpackPinned } from './pinned-node.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const BIN = join(ROOT, 'node_modules', '.bin');
const NODE_PACKAGE = nodePackage() ?? '';
const NODE = join(ROOT, 'node_modules', NODE_PACKAGE, 'bin', 'node');

/** A failure that one sentence explains; anything else is a fault of these scripts and keeps its stack. */
class SetupError extends Error {}

/** Commands under way, so that a stopped set-up ends them before it gives its lock away. */
const running = new Set();

/** Runs a command with its output kept back. Resolves to its exit code and what it said. */
function run(command, args, environment = process.env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', (error) => (output += `${error.message}\n`));
    child.on('close', (code) => {
      running.delete(child);
      resolve({ code, output });
    });
  });
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return {};
  }
}

/** Whether node_modules holds what package-lock.json says. Versions are compared: file times mean nothing after a clone. */
function dependenciesAreInstalled() {
  const wanted = readPackages(join(ROOT, 'package-lock.json'));
  const installed = readPackages(join(ROOT, 'node_modules', '.package-lock.json'));
  const missing = Object.entries(wanted).some(([path, { version, optional }]) => {
    // Optional packages are those of other platforms, most of them; '' is the project itself.
    const isNeeded = path === `node_modules/${NODE_PACKAGE}` || (path !== '' && !optional);
    return isNeeded && installed[path]?.version !== version;
  });
  if (missing || !existsSync(join(ROOT, '.wxt', 'tsconfig.json'))) return false;
  return spawnSync(NODE, ['--version'], { encoding: 'utf8' }).stdout?.startsWith('v24.') === true;
}

/** Runs npm under the Node of the first folder that has one, in `folders` or on the PATH. */
function runNpm(args, folders) {
  // A Node in node_modules/.bin would be removed under npm's feet; and it may be of another machine.
  const path = (process.env['PATH'] ?? '').split(delimiter);
  const usable = path.filter((folder) => !folder.startsWith(ROOT));
  const environment = { ...process.env, PATH: [...folders, ...usable].join(delimiter) };
  return run('npm', [...args, '--loglevel=error'], environment);
}

/**
 * The folder of a Node that npm can install the dependencies with; none where the machine's own will do. npm leaves out an
 * optional package whose `engines` refuse the Node it runs on, and the native parts of the tools are such packages.
 */
async function nodeForNpm() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 12)) return [];
  console.log(`Fetching Node 24 (${NODE_PACKAGE}): npm cannot install the dependencies under Node ${major}`);
  const result = await unpackPinned({
    name: NODE_PACKAGE,
    pin: readPackages(join(ROOT, 'package-lock.json'))[`node_modules/${NODE_PACKAGE}`],
    folder: join(ROOT, '.tmp', 'node'),
    runNpm: (args) => runNpm(args, []),
  });
  if ('failure' in result) throw new SetupError(result.failure);
  return [result.bin];
}

async function installDependencies() {
  if (NODE_PACKAGE === '')
    throw new SetupError(
      `Cannot install Node 24: there is no package of it for ${process.platform} on ${process.arch}`,
    );
  if (dependenciesAreInstalled()) return;
  const folders = await nodeForNpm();
  console.log('Installing the dependencies (npm ci), about a minute');
  // No dependency needs its install script, and no hash covers what such a script fetches.
  const kinds = ['--include=dev', '--include=optional', '--ignore-scripts'];
  const { code, output } = await runNpm(['ci', ...kinds], folders);
  if (code !== 0) {
    throw new SetupError(`${output.trimEnd()}\nCannot install the dependencies: npm ci ended with code ${code}`);
  }
  // npm goes on without an optional package that it cannot fetch, or whose hash is another.
  if (!existsSync(NODE)) {
    throw new SetupError(
      `Cannot use the dependencies: npm left out ${NODE_PACKAGE}; it cannot be fetched, or is not what package-lock.json pins`,
    );
  }
  const prepared = await run(NODE, [join(ROOT, 'node_modules', 'wxt', 'bin', 'wxt.mjs'), 'prepare']);
  if (!dependenciesAreInstalled()) {
    throw new SetupError(
      `${prepared.output.trimEnd()}\nCannot use the dependencies: npm ci left some out, or WXT could not prepare`,
    );
  }
}

/** Looks for the browsers; those found are put into the environment of what runs next, so that all agree on the program. */
function missingBrowsers(browsers) {
  return browsers.filter((browser) => {
    const path = findBrowser(browser);
    if (path !== null) process.env[BROWSERS[browser].variable] = path;
    return path === null;
  });
}

async function installBrowsers(browsers) {
  const missing = missingBrowsers(browsers);
  // One that a variable names wrongly would stay missing.
  const names = missing.map((browser) => BROWSERS[browser]).filter(({ variable }) => !process.env[variable]);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const output =
    names.length === 0
      ? ''
      : await installWithApt(
          names.map(({ apt }) => apt),
          {
            machine: lookAtMachine(),
            run: (command, args) => run(command, args, environment),
            ask,
            say: (line) => console.log(line),
          },
        );
  const absent = missingBrowsers(missing);
  if (absent.length > 0) throw new SetupError([output.trimEnd(), ...absent.map(explainMissing)].join('\n').trimStart());
}

/** Goes on with a script of this folder under the project's Node; this process ends as that one does. */
function goOn(script, args) {
  const child = spawn(NODE, [join(ROOT, 'scripts', script), ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, PATH: [BIN, process.env['PATH']].join(delimiter) },
  });
  // Ctrl-C in a terminal reaches the child by itself, a signal from another process does not; the child takes both.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`Cannot start ${NODE}: ${error.message}`));
  child.on('close', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
    process.exit();
  });
}

/** Ends the process with one sentence for the person. */
export function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

/**
 * Installs the dependencies and those of `browsers` that are missing, then runs `script` under the project's Node.
 *
 * @param {{ browsers: ('chromium' | 'firefox')[], script: string, args: string[] }} run
 */
export async function setUpAndRun({ browsers, script, args }) {
  if (process.platform === 'win32') fail('Cannot run on Windows itself: use WSL, Linux or macOS');
  // An npm ci cut short is seen, and done again, by the next run.
  const stop = (signal) => {
    const end = () => process.exit(128 + constants.signals[signal]);
    if (running.size === 0) end();
    for (const child of running) {
      child.once('close', end);
      child.kill(signal);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, stop);
  try {
    await withLock(
      'setup',
      async () => {
        await installDependencies();
        await installBrowsers(browsers);
      },
      () => console.log('Waiting for another run in this folder to finish its set-up'),
    );
  } catch (error) {
    if (error instanceof SetupError) fail(error.message);
    throw error;
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, stop);
  goOn(script, args);
}
