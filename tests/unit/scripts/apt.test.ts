import { PassThrough } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { ask, installWithApt } from '../../../scripts/apt.mjs';

const ROOT = { hasApt: true, isRoot: true, hasSudo: false, isTerminal: false };
const PERSON = { hasApt: true, isRoot: false, hasSudo: true, isTerminal: true };

function install(machine: typeof ROOT, isAgreed = false) {
  const run = vi.fn(async (command: string, args: string[]) => ({ code: 0, output: [command, ...args].join(' ') }));
  const asked = vi.fn(async (_question: string) => isAgreed);
  const told = installWithApt(['chromium', 'firefox-esr'], { machine, run, ask: asked, say: () => undefined });
  const commands = (): string[] => run.mock.calls.map(([command, args]) => [command, ...args].join(' '));
  return { told, commands, asked };
}

const INSTALL = 'apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 chromium firefox-esr';

describe('missing browsers', () => {
  test('are installed by root without a question', async () => {
    const { told, commands, asked } = install(ROOT);
    await told;
    expect(commands()).toEqual(['apt-get update', INSTALL]);
    expect(asked).not.toHaveBeenCalled();
  });

  test('are installed through sudo after a yes to the very commands', async () => {
    const { told, commands, asked } = install(PERSON, true);
    await told;
    expect(commands()).toEqual(['sudo apt-get update', `sudo ${INSTALL}`]);
    expect(asked).toHaveBeenCalledExactlyOnceWith(
      `Missing: chromium, firefox-esr. Run "sudo apt-get update && sudo ${INSTALL}"?`,
    );
  });

  test.each([
    ['after a no', PERSON, 'Nothing was installed. To install it, run: '],
    ['without a terminal', { ...PERSON, isTerminal: false }, 'Nobody can be asked here. To install it, run: '],
  ])('%s nothing runs, and the commands are told', async (_, machine, words) => {
    const { told, commands } = install(machine, false);
    expect(await told).toBe(`${words}sudo apt-get update && sudo ${INSTALL}`);
    expect(commands()).toEqual([]);
  });

  test('without a terminal nobody is asked', async () => {
    const { told, asked } = install({ ...PERSON, isTerminal: false }, true);
    await told;
    expect(asked).not.toHaveBeenCalled();
  });

  test.each([
    ['without apt-get', { ...PERSON, hasApt: false }],
    ['without root and sudo', { ...PERSON, hasSudo: false }],
  ])('%s nothing runs and nobody is asked', async (_, machine) => {
    const { told, commands, asked } = install(machine, true);
    expect(await told).toBe('');
    expect(commands()).toEqual([]);
    expect(asked).not.toHaveBeenCalled();
  });
});

describe('the answer', () => {
  test.each([
    ['y\n', true],
    ['YES\n', true],
    ['\n', false],
    ['n\n', false],
    ['yesterday\n', false],
    ['', false],
  ])('%j is %s', async (typed, isYes) => {
    const input = new PassThrough();
    const output = new PassThrough();
    const answer = ask('Run it?', input, output);
    input.end(typed);
    expect(await answer).toBe(isYes);
    expect(String(output.read())).toBe('Run it? (y/N) ');
  });
});
