/** The generated parts of docs/FAULTS.md. */
import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { median } from '../../bench/statistics.ts';
import { FAULT_ROWS } from './rows.ts';
import type { Way } from './row.ts';
import type { RowResult } from './run-row.ts';

const PATH = 'docs/FAULTS.md';

/** Where a generated part stands. */
interface Place {
  begin: string;
  end: string;
}
export const WAYS: Place = { begin: '<!-- ways: written by npm run faults -->', end: '<!-- ways: end -->' };
export const RESULTS: Place = { begin: '<!-- results: written by npm run faults -->', end: '<!-- results: end -->' };

const table = (head: readonly string[], lines: readonly (readonly (string | number)[])[]): string =>
  [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const inWords = (way: Way): string => ('how' in way ? way.how : `**not**: ${way.cannot}`);

const pretty = async (markdown: string): Promise<string> =>
  format(markdown, { ...(await resolveConfig(PATH)), parser: 'markdown' });

/** Each fault, what must hold, and how it is brought about. */
export const waysMarkdown = (): Promise<string> =>
  pretty(
    table(
      ['#', 'fault', 'must hold', 'Chromium', 'Firefox'],
      FAULT_ROWS.map(({ number, fault, holds, browsers: { chromium, firefox } }) => [
        number,
        fault,
        holds,
        inWords(chromium),
        'how' in chromium && 'how' in firefox && chromium.how === firefox.how ? 'the same' : inWords(firefox),
      ]),
    ),
  );

const ms = (time: number): string => (Number.isFinite(time) ? String(Math.round(time)) : '');

/** What came of rows, a line for each browser. */
export const resultLines = (results: readonly RowResult[]): string[][] =>
  results.map(({ row, browser, tally, failure }) => [
    `${row.number} ${row.fault}`,
    browser,
    String(tally.runs),
    ...[tally.compared, tally.lost, tally.twice, tally.disordered].map((count) =>
      tally.compared > 0 ? String(count) : '',
    ),
    ms(median(tally.recoveriesMs)),
    ms(Math.max(...tally.recoveriesMs)),
    failure === null ? 'yes' : `no: ${failure.message.split('\n')[0]?.replaceAll('|', '/') ?? ''}`,
  ]);

export const RESULT_HEAD = [
  'fault',
  'browser',
  'runs',
  'updates',
  'lost',
  'twice',
  'disordered',
  'median ms',
  'worst ms',
  'held',
];

async function put(parts: readonly [place: Place, markdown: string][]): Promise<void> {
  let text = await readFile(PATH, 'utf8');
  for (const [{ begin, end }, markdown] of parts) {
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`Cannot write into "${PATH}": it has no place "${begin}"`);
    text = `${text.slice(0, from)}${begin}\n\n${markdown.trim()}\n\n${text.slice(to)}`;
  }
  await writeFile(PATH, text);
}

/** Writes how faults are brought about. */
export const writeWays = async (): Promise<void> => put([[WAYS, await waysMarkdown()]]);

const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** Puts rows that were run again in the place of what the document has of them. `fact`: how and when, a line. */
export async function replaceResults(results: readonly RowResult[], fact: string): Promise<void> {
  const text = await readFile(PATH, 'utf8');
  const lines = text
    .slice(text.indexOf(RESULTS.begin) + RESULTS.begin.length, text.indexOf(RESULTS.end))
    .trim()
    .split('\n');
  const known = lines
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map(cellsOf);
  const again = resultLines(results);
  const isSame = (a: readonly string[], b: readonly string[]): boolean => a[0] === b[0] && a[1] === b[1];
  for (const cells of again) {
    if (!known.some((other) => isSame(other, cells))) {
      throw new Error(`Cannot write into "${PATH}": it has no row "${cells[0]}" of ${cells[1]}`);
    }
  }
  const merged = known.map((cells) => again.find((other) => isSame(other, cells)) ?? cells);
  const facts = [...lines.filter((line) => line.startsWith('- ')), `- ${fact}`];
  await put([[RESULTS, await pretty(`${facts.join('\n')}\n\n${table(RESULT_HEAD, merged)}`)]]);
}

/** Writes that, and what came of a run. `facts`: the command, the date, the versions and the machine, a line each. */
export async function writeResults(results: readonly RowResult[], facts: readonly string[]): Promise<void> {
  const markdown = `${facts.map((fact) => `- ${fact}`).join('\n')}\n\n${table(RESULT_HEAD, resultLines(results))}`;
  await put([
    [WAYS, await waysMarkdown()],
    [RESULTS, await pretty(markdown)],
  ]);
}
