/** Runs the tools of this project. */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';

/** The project's folder. */
export const ROOT = join(import.meta.dirname, '..');

/** What a command said on both streams, and its exit code; `null` if a signal ended it. */
export interface CommandResult {
  code: number | null;
  output: string;
}

/** The command line of a tool of this project, run under this Node. */
export function tool(packageFile: string, ...args: string[]): string[] {
  return [process.execPath, join(ROOT, 'node_modules', packageFile), ...args];
}

/**
 * Runs a command in the project's folder, its output kept back, and with `show` also printed as it comes. Resolves when
 * it has ended; `signal` ends it.
 */
export function runCommand(
  commandLine: readonly string[],
  options: { signal: AbortSignal; show?: boolean; logFile?: string },
): Promise<CommandResult> {
  const [command = '', ...args] = commandLine;
  const { promise, resolve } = Promise.withResolvers<CommandResult>();
  // NODE_ENV of the person's shell would decide what the builds contain.
  const { NODE_ENV: _, ...environment } = process.env;
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...environment, NO_COLOR: '1', FORCE_COLOR: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const logFile = options.logFile === undefined ? null : createWriteStream(options.logFile);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      logFile?.write(text);
      if (options.show === true) process.stdout.write(text);
    });
  }
  const stop = (): void => {
    child.kill('SIGTERM');
  };
  options.signal.addEventListener('abort', stop);
  child.on('error', (error) => (output += `${error.message}\n`));
  child.on('close', (code) => {
    options.signal.removeEventListener('abort', stop);
    logFile?.end();
    resolve({ code, output });
  });
  return promise;
}
