import type { TestExtension } from '../browser/driver/test-browser.ts';

/** What the background holds. */
export interface BackgroundCounts {
  /** Fewest and most timers that were due at once since it was last asked, intervals too. */
  fewestTimers: number;
  mostTimers: number;
  /** Ports that were opened to it and are not closed. */
  ports: number;
}

/** Instrument of the background: counts its timers and ports. Keeps hold of none of them. */
export const COUNT_IN_BACKGROUND = `{
  const due = new Set();
  const counts = { fewestTimers: 0, mostTimers: 0, ports: 0 };
  const count = () => {
    counts.fewestTimers = Math.min(counts.fewestTimers, due.size);
    counts.mostTimers = Math.max(counts.mostTimers, due.size);
  };
  globalThis.tellSoakCounts = () => {
    const told = { ...counts };
    counts.fewestTimers = counts.mostTimers = due.size;
    return told;
  };
  const names = { setTimeout: 'clearTimeout', setInterval: 'clearInterval' };
  for (const [set, clear] of Object.entries(names)) {
    const [setIt, clearIt] = [globalThis[set].bind(globalThis), globalThis[clear].bind(globalThis)];
    const forget = (timer) => {
      due.delete(timer);
      count();
    };
    globalThis[set] = (run, ...rest) => {
      const timer = setIt((...args) => {
        if (set === 'setTimeout') forget(timer);
        run(...args);
      }, ...rest);
      due.add(timer);
      count();
      return timer;
    };
    globalThis[clear] = (timer) => {
      forget(timer);
      clearIt(timer);
    };
  }
  const { runtime } = globalThis.browser?.runtime ? globalThis.browser : globalThis.chrome;
  runtime.onConnect.addListener((port) => {
    let isOpen = true;
    counts.ports += 1;
    const ended = () => {
      if (isOpen) counts.ports -= 1;
      isOpen = false;
    };
    port.onDisconnect.addListener(() => {
      void runtime.lastError;
      ended();
    });
    const { disconnect } = port;
    port.disconnect = () => {
      ended();
      disconnect.call(port);
    };
  });
}`;

/** What it counts. Needs {@link COUNT_IN_BACKGROUND}. */
export const backgroundCounts = (extension: TestExtension): Promise<BackgroundCounts> =>
  extension.evaluateInBackground('globalThis.tellSoakCounts()') as Promise<BackgroundCounts>;
