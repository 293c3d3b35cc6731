import { join } from 'node:path';
import type { BrowserName } from '../tests/browser/driver/test-browser.ts';
import { ROOT, runCommand, tool } from './run-command.ts';

/**
 * Makes the development build: its settings hold the demo feeds, and it may show them on localhost. Gives its folder, or
 * `null` if it failed (its output is printed then) or `signal` ended it.
 */
export async function buildForTrying(browser: BrowserName, signal: AbortSignal): Promise<string | null> {
  const target = browser === 'chromium' ? 'chrome' : 'firefox';
  console.log('Building the extension');
  const commandLine = tool('wxt/bin/wxt.mjs', 'build', '--mode', 'development', '-b', target);
  const { code, output } = await runCommand(commandLine, { signal });
  if (code === 0) return join(ROOT, '.output', `${target}-mv3-dev`);
  if (!signal.aborted) console.error(output.trimEnd());
  return null;
}
