import type { StatusReason } from '../stream/protocol';
import { ended } from './retry';
import type { Ending } from './retry';
import { because } from './source';
import type { OpenOptions, Sink } from './source';

/** One opening of a source that sends by itself: whether it is open, when it last gave a sign of life. */
export interface Liveness {
  readonly isOpen: boolean;
  /** The connection stands. From here silence counts. `reason`: what is the matter with it although it is live. */
  opened(reason?: StatusReason | null): void;
  /** A sign of life came. */
  alive(): void;
  /** Frees what it holds and says how this opening ended. It was good for as long as it was open. */
  end(kind: Ending['kind'], reason: StatusReason, notBeforeMs?: number): Ending;
}

/**
 * Watches one opening. When an open connection is silent for longer than `silentAfterMs`, `onSilent` is called once and
 * the ending becomes `silent`, whatever {@link Liveness.end} is told. `null`: it may be silent for as long as it likes.
 *
 * A source whose last opening ended in silence is live again with its first sign of life, not before: opening proves
 * nothing of it.
 */
export function watchLiveness(
  sink: Sink,
  { deps, signal }: OpenOptions,
  { silentAfterMs, last, onSilent }: { silentAfterMs: number | null; last: Ending | null; onSilent: () => void },
): Liveness {
  let openedAt: number | null = null;
  let lastLifeAt = 0;
  let told = false;
  let silent = false;
  let callOff = (): void => {};

  let liveReason: StatusReason | null = null;

  const tellLive = (): void => {
    if (told || signal.aborted) return;
    told = true;
    sink.onStatus({ state: 'live', reason: liveReason, retryAt: null });
  };

  // One timer that looks back, in place of one that is set again with each of thousands of messages.
  const look = (): void => {
    if (silentAfterMs === null) return;
    // A clock that was set back: silence counts from now, not from when it is as late again.
    lastLifeAt = Math.min(lastLifeAt, deps.now());
    const quietMs = deps.now() - lastLifeAt;
    if (quietMs < silentAfterMs) {
      callOff = deps.after(silentAfterMs - quietMs, look);
      return;
    }
    silent = true;
    onSilent();
  };

  return {
    get isOpen() {
      return openedAt !== null;
    },
    opened(reason = null) {
      liveReason = reason;
      openedAt = deps.now();
      lastLifeAt = openedAt;
      if (silentAfterMs !== null) callOff = deps.after(silentAfterMs, look);
      if (last?.kind !== 'silent') tellLive();
    },
    alive() {
      lastLifeAt = deps.now();
      tellLive();
    },
    end(kind, reason, notBeforeMs = 0) {
      callOff();
      // Silence is no failure of the connection: many sources have little to say.
      const goodMs = openedAt === null ? 0 : Math.max(0, deps.now() - openedAt);
      return silent
        ? ended('silent', because('silent'), { goodMs, notBeforeMs })
        : ended(kind, reason, { goodMs, notBeforeMs });
    },
  };
}
