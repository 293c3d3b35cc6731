import { rangeOf } from './statistics.ts';

/** One of the measured figures, ready to be shown. */
export interface Figure {
  title: string;
  columns: readonly string[];
  rows: readonly (readonly string[])[];
  notes: readonly string[];
  /** What went wrong in the measuring; a missed aim does not count. */
  failures: readonly string[];
}

/** What an aim came to, in words. */
export const verdict = (holds: boolean): string => (holds ? 'held' : '**missed**');

/** A number with so many decimals. */
export const fixed = (value: number, decimals: number): string =>
  Number.isNaN(value) ? 'failed' : value.toFixed(decimals);

/** Smallest to largest. */
export function formatRange(values: readonly number[], decimals: number): string {
  const [min, max] = rangeOf(values);
  return `${fixed(min, decimals)} to ${fixed(max, decimals)}`;
}

/** A figure as Markdown. */
export function toMarkdown({ title, columns, rows, notes, failures }: Figure): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const table = [line(columns), line(columns.map((_, index) => (index === 0 ? '---' : '--:'))), ...rows.map(line)];
  const list = [...notes, ...failures.map((failure) => `FAILED: ${failure}`)].map((note) => `- ${note}`);
  return [`### ${title}`, '', ...table, '', ...list].join('\n');
}
