import type { Demo } from '../servers/demo.ts';

const LOOK_EVERY_MS = 20;
/** Numbers that may be told between a break and the look that finds it, and be under way when a connection ends. */
const SLACK = 50;

/** When the WebSocket was not connected or not sending, in numbers of its messages: what is told then comes never. */
export interface SocketBreaks {
  /** Whether it was so at any moment between these two numbers. */
  between(before: number, after: number): boolean;
  end(): void;
}

/** Begins to watch the WebSocket of a demo, which has one reader: the background. */
export function watchSocketBreaks({ socket }: Demo): SocketBreaks {
  const broken: [from: number, to: number][] = [];
  let last = socket.state;
  const timer = setInterval(() => {
    const now = socket.state;
    const isBroken = now.mode !== 'normal' || now.connections.now !== 1;
    if (isBroken || now.connections.total !== last.connections.total || last.mode !== now.mode) {
      const from = last.newest - SLACK;
      const latest = broken.at(-1);
      if (latest && latest[1] >= from) latest[1] = now.newest + SLACK;
      else broken.push([from, now.newest + SLACK]);
    }
    last = now;
  }, LOOK_EVERY_MS);
  return {
    between: (before, after) => broken.some(([from, to]) => before <= to && after >= from),
    end: () => clearInterval(timer),
  };
}
