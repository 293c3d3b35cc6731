import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';

const BEGIN = '<!-- figures: begin, written by npm run bench -->';
const END = '<!-- figures: end -->';

/**
 * Puts `markdown` between the markers of a document, formatted as the project's files are.
 * @throws {Error} when the document has no such markers
 */
export async function writeBetweenMarkers(path: string, markdown: string): Promise<void> {
  const old = await readFile(path, 'utf8');
  const begin = old.indexOf(BEGIN);
  const end = old.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`Cannot write the figures into "${path}": it has no place for them`);
  const text = `${old.slice(0, begin)}${BEGIN}\n\n${markdown}\n\n${old.slice(end)}`;
  await writeFile(path, await format(text, { ...(await resolveConfig(path)), filepath: path }));
}
