/**
 * What an id says of its place after the one before, where a source numbers its events 1 by 1.
 *
 * | id | means |
 * |---|---|
 * | `first` | there was none before |
 * | `next` | follows |
 * | `same` | the last event once more: some servers begin with the one they are told was the last |
 * | `gap` | `missed` events lie between |
 * | `restarted` | lower: the source counts from the start again, its history is another |
 * | `unnumbered` | not a whole number, so nothing follows from it |
 */
export type IdStep = { kind: 'first' | 'next' | 'same' | 'restarted' | 'unnumbered' } | { kind: 'gap'; missed: number };

const isNumbered = (id: string): boolean => /^\d{1,15}$/.test(id);

/** Compares an event's id with the last one; see {@link IdStep}. */
export function compareIds(last: string | null, id: string): IdStep {
  if (!isNumbered(id)) return { kind: 'unnumbered' };
  if (last === null || !isNumbered(last)) return { kind: 'first' };
  const ahead = Number(id) - Number(last);
  if (ahead === 1) return { kind: 'next' };
  if (ahead === 0) return { kind: 'same' };
  return ahead < 0 ? { kind: 'restarted' } : { kind: 'gap', missed: ahead - 1 };
}
