import type { SourceDeps } from './source';

/** How a database answered. `refused`: it failed, in whichever way. `late`: not in time; it may still do what it was asked. */
export type Answer<T> = { kind: 'done'; value: T } | { kind: 'refused' | 'late' };

/** How long one database is waited for. All who use the database share it. */
export interface Patience {
  /**
   * Runs an operation and waits `limitMs` for its answer, less what others have waited in vain since the last answer. A
   * database that hangs is therefore waited for once: later answers are late at once, until one arrives. Never rejects.
   */
  within<T>(limitMs: number, run: () => Promise<T>): Promise<Answer<T>>;
}

/** Makes the patience with one database, of which nothing bad is known. */
export function createPatience({ after }: Pick<SourceDeps, 'after'>): Patience {
  /** The longest that an operation waited in vain since the last answer, in ms. */
  let waitedMs = 0;

  return {
    async within<T>(limitMs: number, run: () => Promise<T>) {
      const late = Promise.withResolvers<Answer<T>>();
      const giveUp = (): void => {
        waitedMs = Math.max(waitedMs, limitMs);
        late.resolve({ kind: 'late' });
      };
      const restMs = limitMs - waitedMs;
      let callOff = (): void => {};
      if (restMs > 0) callOff = after(restMs, giveUp);
      else giveUp();
      const settle = (answer: Answer<T>): Answer<T> => {
        waitedMs = 0;
        return answer;
      };
      const answered = (async () => run())().then(
        (value) => settle({ kind: 'done', value }),
        // QuotaExceededError, InvalidStateError, SecurityError and what else browsers have: there is one answer to all.
        () => settle({ kind: 'refused' }),
      );
      const first = await Promise.race([answered, late.promise]);
      callOff();
      return first;
    },
  };
}
