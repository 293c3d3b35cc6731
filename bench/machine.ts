import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { findProgram } from '../tests/browser/driver/find-program.ts';
import type { BrowserName } from '../tests/browser/driver/test-browser.ts';

const versionOf = (browser: BrowserName): string =>
  execFileSync(findProgram(browser), ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

/** What the figures were measured on, as the lines of a list. `browsers`: those they were measured in, Chromium by default. */
export function describeMachine(browsers: readonly BrowserName[] = ['chromium']): string[] {
  const [cpu] = cpus();
  return [
    `${cpus().length} cores of ${cpu?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 1024 ** 3)} GiB; ${type()} ${release()}; load before the run ${loadavg()[0]?.toFixed(2) ?? 'unknown'}`,
    `${browsers.map(versionOf).join(', ')}, headless; Node ${process.versions.node}`,
  ];
}
