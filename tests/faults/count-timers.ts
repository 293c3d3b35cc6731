import type { TestPage } from '../browser/driver/test-browser.ts';
import type { AppliedBatch } from '../browser/applied.ts';

const SCRIPT = 'script';

/**
 * Instrument of the content script: counts its timers and frames that are due, in an attribute that the test can read, and
 * tells whoever records what is applied that another script begins.
 */
export const COUNT_TIMERS = `{
  const id = Date.now() + Math.random().toString(36);
  const { dataset } = document.documentElement;
  const due = new Set();
  const tell = () => {
    dataset.timers = JSON.stringify({ ...JSON.parse(dataset.timers ?? '{}'), [id]: due.size });
  };
  const names = { setTimeout: 'clearTimeout', setInterval: 'clearInterval', requestAnimationFrame: 'cancelAnimationFrame' };
  for (const [set, clear] of Object.entries(names)) {
    const [setIt, clearIt] = [globalThis[set].bind(globalThis), globalThis[clear].bind(globalThis)];
    globalThis[set] = (run, ...rest) => {
      const timer = setIt((...args) => {
        if (set !== 'setInterval') due.delete(set + timer);
        tell();
        run(...args);
      }, ...rest);
      due.add(set + timer);
      tell();
      return timer;
    };
    globalThis[clear] = (timer) => {
      due.delete(set + timer);
      tell();
      clearIt(timer);
    };
  }
  document.dispatchEvent(new CustomEvent('tidings-applied', { detail: JSON.stringify([{ feed: '${SCRIPT}', updates: [] }]) }));
}`;

/** Timers and frames that are due in each script that ran in this document, oldest first. Needs {@link COUNT_TIMERS}. */
export const dueTimers = (page: TestPage): Promise<number[]> =>
  page.evaluate(() =>
    Object.values(JSON.parse(document.documentElement.dataset['timers'] ?? '{}') as Record<string, number>),
  );

/** The batches of each script. Needs {@link COUNT_TIMERS}. */
export function byScript(batches: readonly AppliedBatch[]): AppliedBatch[][] {
  const scripts: AppliedBatch[][] = [[]];
  for (const batch of batches) {
    if (batch.feed === SCRIPT) scripts.push([]);
    else if (batch.feed === 'numbers') scripts.at(-1)?.push(batch);
  }
  return scripts;
}
