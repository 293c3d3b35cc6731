import type { SourceDeps } from './source';

/** How long a source may keep all other tasks of the background waiting, in ms. */
export const TURN_MS = 4;

/**
 * Makes the turns of one source. Promises alone do not let others run: while the next chunk is there already, reading it
 * is a microtask, and ports, timers and other sources wait.
 * @returns resolves when the source may go on; `null`: at once, its turn is not over
 */
export function createTurns(deps: Pick<SourceDeps, 'uptime' | 'nextTask'>): () => Promise<void> | null {
  let startedAt = deps.uptime();
  const letOthersRun = async (): Promise<void> => {
    await deps.nextTask();
    startedAt = deps.uptime();
  };
  return () => (deps.uptime() - startedAt < TURN_MS ? null : letOthersRun());
}
