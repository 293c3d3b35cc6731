import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';

/** Where a generated part of a document begins and ends. */
export interface Markers {
  begin: string;
  end: string;
}

const FIGURES: Markers = {
  begin: '<!-- figures: begin, written by npm run bench -->',
  end: '<!-- figures: end -->',
};

/**
 * Puts `markdown` between the markers of a document, formatted as the project's files are.
 * @param markers default: those of the benchmarks
 * @throws {Error} when the document has no such markers
 */
export async function writeBetweenMarkers(path: string, markdown: string, markers: Markers = FIGURES): Promise<void> {
  const old = await readFile(path, 'utf8');
  const begin = old.indexOf(markers.begin);
  const end = old.indexOf(markers.end);
  if (begin < 0 || end < begin) throw new Error(`Cannot write the figures into "${path}": it has no place for them`);
  const text = `${old.slice(0, begin)}${markers.begin}\n\n${markdown}\n\n${old.slice(end)}`;
  await writeFile(path, await format(text, { ...(await resolveConfig(path)), filepath: path }));
}
