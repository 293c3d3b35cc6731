/** One step of `npm test` and what came of it. */
import { runCommand } from './run-command.ts';

/** How many checks of a step passed and failed, and what to show of the failed ones. */
export interface Outcome {
  passed: number;
  failed: number;
  log: string;
}

/** A step of `npm test`: it runs once the steps in `after` have ended, whether they passed or not. */
export interface Step {
  name: string;
  after: readonly string[];
  run(signal: AbortSignal): Promise<Outcome>;
}

/** A step that is one check: a command that must end with code 0. */
export function commandStep(name: string, commandLine: readonly string[], after: readonly string[] = []): Step {
  return {
    name,
    after,
    async run(signal) {
      const { code, output } = await runCommand(commandLine, { signal });
      return code === 0 ? { passed: 1, failed: 0, log: '' } : { passed: 0, failed: 1, log: output };
    },
  };
}
