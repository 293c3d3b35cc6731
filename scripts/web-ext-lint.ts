/** Mozilla's lint on the Firefox build, as the store runs it: warnings fail too. */
import { runCommand, tool } from './run-command.ts';
import type { Outcome, Step } from './step.ts';

/** Warnings that do not apply, by code, and why. */
const NOT_APPLICABLE: Record<string, string> = {
  KEY_FIREFOX_ANDROID_UNSUPPORTED_BY_MIN_VERSION: 'the extension is not offered for Firefox for Android',
};

interface Finding {
  code: string;
  message: string;
  description: string;
  file?: string;
  line?: number;
}

function parseFindings(output: string): Finding[] | null {
  try {
    const report = JSON.parse(output) as { errors: Finding[]; warnings: Finding[] };
    return [...report.errors, ...report.warnings];
  } catch {
    return null;
  }
}

function judge(output: string): Outcome {
  const findings = parseFindings(output);
  if (findings === null) return { passed: 0, failed: 1, log: output };
  const applicable = findings.filter(({ code }) => !Object.hasOwn(NOT_APPLICABLE, code));
  const log = applicable.map(({ code, message, description, file, line }) => {
    const place = file === undefined ? '' : ` (${file}:${line ?? '?'})`;
    return `${code}${place}: ${message}\n${description}\n`;
  });
  return applicable.length === 0 ? { passed: 1, failed: 0, log: '' } : { passed: 0, failed: 1, log: log.join('\n') };
}

/** Lints a build's folder. */
export function webExtLintStep(folder: string, after: readonly string[]): Step {
  return {
    name: 'web-ext',
    after,
    async run(signal) {
      const flags = ['--source-dir', folder, '--output', 'json', '--no-config-discovery', '--no-input'];
      const { output } = await runCommand(tool('web-ext/bin/web-ext.js', 'lint', ...flags), { signal });
      return judge(output);
    },
  };
}
