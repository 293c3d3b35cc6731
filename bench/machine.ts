import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { findProgram } from '../tests/browser/driver/find-program.ts';

/** What the figures were measured on, as the lines of a list. */
export function describeMachine(): string[] {
  const [cpu] = cpus();
  const chromium = execFileSync(findProgram('chromium'), ['--version'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return [
    `${cpus().length} cores of ${cpu?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 1024 ** 3)} GiB; ${type()} ${release()}; load before the run ${loadavg()[0]?.toFixed(2) ?? 'unknown'}`,
    `${chromium.trim()}, headless; Node ${process.versions.node}`,
  ];
}
