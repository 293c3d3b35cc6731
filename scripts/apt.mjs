/** Installs browsers with apt-get where that is allowed. Runs on Node 18 with nothing installed. */
import { spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Another apt-get of this machine may hold its lock for as long, in s. */
const PATIENCE = ['-o', 'DPkg::Lock::Timeout=300'];

const works = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** What {@link installWithApt} needs to know of this machine. */
export function lookAtMachine() {
  return {
    hasApt: process.platform === 'linux' && works('apt-get', '--version'),
    isRoot: process.getuid?.() === 0,
    hasSudo: works('sudo', '--version'),
    isTerminal: Boolean(process.stdin.isTTY && process.stdout.isTTY),
  };
}

/**
 * The commands that install packages, and whether the person must agree first: root runs apt-get as it is, anybody else
 * through sudo. `null` where apt-get or the rights are missing.
 *
 * @param {string[]} names
 * @param {{ hasApt: boolean, isRoot: boolean, hasSudo: boolean }} machine
 * @returns {{ commands: string[][], mustAsk: boolean } | null}
 */
function aptCommands(names, { hasApt, isRoot, hasSudo }) {
  if (!hasApt || (!isRoot && !hasSudo)) return null;
  const prefix = isRoot ? [] : ['sudo'];
  return {
    commands: [
      [...prefix, 'apt-get', 'update'],
      [...prefix, 'apt-get', 'install', '-y', '--no-install-recommends', ...PATIENCE, ...names],
    ],
    mustAsk: !isRoot,
  };
}

/**
 * Whether the person wants it: only "y" and "yes" do. A closed input is a no.
 *
 * @param {string} question
 * @param {NodeJS.ReadableStream} [input]
 * @param {NodeJS.WritableStream} [output]
 * @returns {Promise<boolean>}
 */
export function ask(question, input = process.stdin, output = process.stdout) {
  // Not as a terminal: Ctrl-C stays a signal.
  const lines = createInterface({ input, terminal: false });
  output.write(`${question} (y/N) `);
  return new Promise((resolve) => {
    lines.once('line', (line) => {
      resolve(/^y(es)?$/i.test(line.trim()));
      lines.close();
    });
    lines.once('close', () => resolve(false));
  });
}

/**
 * Installs packages. Without root it asks first; where nobody can be asked it gives the commands as text and runs nothing.
 *
 * @param {string[]} names
 * @param {{
 *   machine: ReturnType<typeof lookAtMachine>,
 *   run: (command: string, args: string[]) => Promise<{ code: number | null, output: string }>,
 *   ask: (question: string) => Promise<boolean>,
 *   say: (line: string) => void,
 * }} io
 * @returns {Promise<string>} what apt-get said, or what to do by hand; empty where there is nothing to tell
 */
export async function installWithApt(names, { machine, run, ask: askPerson, say }) {
  const plan = aptCommands(names, machine);
  if (plan === null) return '';
  const byHand = plan.commands.map((command) => command.join(' ')).join(' && ');
  if (plan.mustAsk && !machine.isTerminal) return `Nobody can be asked here. To install it, run: ${byHand}`;
  if (plan.mustAsk && !(await askPerson(`Missing: ${names.join(', ')}. Run "${byHand}"?`)))
    return `Nothing was installed. To install it, run: ${byHand}`;
  say(`Installing ${names.join(' and ')} (apt-get), about a minute`);
  let output = '';
  for (const [command = '', ...args] of plan.commands) ({ output } = await run(command, args));
  return output;
}
