import type { SourceDeps } from './source';
import type { Turns } from './turns';

/** What may wait of a socket: frames, and their bytes. Nothing slows a sender of frames down. */
export const FRAME_QUEUE_LIMITS = { frames: 30_000, bytes: 16 * 1024 * 1024 } as const;

/** Frames of a socket in order, some of them waiting. */
export interface FrameQueue<Frame> {
  /** Takes a frame at once, or as soon as its turn comes. `false`: too many wait, and this one is dropped. */
  push(frame: Frame, bytes: number): boolean;
  /** Takes all that wait, at once: no more will come. */
  flush(): void;
  /** Drops what waits. */
  end(): void;
}

/**
 * Makes a queue without frames. A frame is taken in the task in which it came, as long as its source needs no rests; a browser
 * hands over 100 000 of them one after the other, and whatever else is to be done waits behind them.
 */
export function createFrameQueue<Frame>(
  take: (frame: Frame) => void,
  { deps, turns }: { deps: Pick<SourceDeps, 'uptime' | 'nextTask'>; turns: Turns },
): FrameQueue<Frame> {
  let waiting: { frame: Frame; bytes: number }[] = [];
  let from = 0;
  let waitingBytes = 0;
  let isDraining = false;

  const work = (frame: Frame): void => {
    const startedAt = deps.uptime();
    take(frame);
    turns.worked(deps.uptime() - startedAt);
  };

  const clear = (): void => {
    waiting = [];
    from = 0;
    waitingBytes = 0;
  };

  const drain = async (): Promise<void> => {
    isDraining = true;
    await deps.nextTask();
    for (let next = waiting[from]; next !== undefined; next = waiting[from]) {
      from += 1;
      waitingBytes -= next.bytes;
      work(next.frame);
      const others = turns.next();
      if (others !== null) await others;
    }
    clear();
    isDraining = false;
    turns.caughtUp();
  };

  return {
    push(frame, bytes) {
      if (!isDraining && !turns.needsRests) {
        work(frame);
        return true;
      }
      waitingBytes += bytes;
      if (waiting.length - from >= FRAME_QUEUE_LIMITS.frames || waitingBytes > FRAME_QUEUE_LIMITS.bytes) return false;
      waiting.push({ frame, bytes });
      if (!isDraining) void drain();
      return true;
    },
    flush() {
      const rest = waiting.slice(from);
      clear();
      for (const { frame } of rest) take(frame);
    },
    end: clear,
  };
}
