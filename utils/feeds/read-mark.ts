import type { Patience } from './patience';
import type { Segments } from './segments';

/** How long the database may take to say whether there is a mark, in ms. */
const READ_LIMIT_MS = 2_000;

/** Whether an answer of a source was ever read without host access, here or under an earlier background. */
export interface ReadMark {
  /** Never rejects; `false` when the database does not say. */
  has(): Promise<boolean>;
  set(): void;
}

/** A mark of a connection. `marks`: where it outlives the background; `null` for private windows, which leave nothing. */
export function createReadMark(
  connection: string,
  marks: Pick<Segments, 'hasMark' | 'mark'> | null,
  patience: Patience,
): ReadMark {
  let isSet = false;
  return {
    async has() {
      if (isSet || marks === null) return isSet;
      const answer = await patience.within(READ_LIMIT_MS, () => marks.hasMark(connection));
      const found = answer.kind === 'done' && answer.value;
      isSet ||= found;
      return isSet;
    },
    set() {
      if (isSet) return;
      isSet = true;
      // Refused like any other use of the database: the next failure asks the server instead.
      marks?.mark(connection).catch(() => {});
    },
  };
}
