/** The size budgets: what each context loads, minified and gzipped. `node scripts/sizes.ts` prints the table. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT } from './run-command.ts';

const KIB = 1024;

/** What each context may load, gzip, and where its loading starts. */
const BUDGETS = [
  { context: 'content script', starts: /^content-scripts\//, maxBytes: 16 * KIB },
  { context: 'background', starts: /^background\.js$/, maxBytes: 40 * KIB },
  { context: 'popup', starts: /^popup\.html$/, maxBytes: 25 * KIB },
] as const;

/** One context of one build. */
export interface SizeLine {
  build: string;
  context: string;
  files: string[];
  bytes: number;
  maxBytes: number;
}

const isCode = (path: string): boolean => /\.(?:js|css|html)$/.test(path);

function readCode(folder: string): Map<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = paths.filter((path) => isCode(path) && statSync(join(folder, path)).isFile());
  return new Map(files.map((path) => [path.replaceAll('\\', '/'), readFileSync(join(folder, path), 'utf8')]));
}

/**
 * All files that loading begins with, and those that a loaded file names, and so on. Any mention of a file's name counts as
 * loading it: it can only make a context look larger than it is. But where another context begins is not loaded: the
 * background names the content script to register it.
 */
function closure(code: Map<string, string>, starts: RegExp): string[] {
  const loaded = [...code.keys()].filter((path) => starts.test(path));
  const isShared = (path: string): boolean => !BUDGETS.some((budget) => budget.starts.test(path));
  for (const path of loaded) {
    const text = code.get(path) ?? '';
    for (const other of code.keys()) {
      if (isShared(other) && !loaded.includes(other) && text.includes(basename(other))) loaded.push(other);
    }
  }
  return loaded;
}

/** Measures a build's folder in .output. A context without any file has 0 bytes, which {@link isWithin} refuses. */
export function measure(build: string): SizeLine[] {
  const code = readCode(join(ROOT, '.output', build));
  return BUDGETS.map(({ context, starts, maxBytes }) => {
    const files = closure(code, starts);
    const bytes = files.reduce((sum, path) => sum + gzipSync(code.get(path) ?? '', { level: 9 }).length, 0);
    return { build, context, files, bytes, maxBytes };
  });
}

/** Whether a context is there and within its budget. */
export const isWithin = ({ bytes, maxBytes }: SizeLine): boolean => bytes > 0 && bytes <= maxBytes;

/** The lines as a table for a terminal. */
export function table(lines: readonly SizeLine[]): string {
  const kib = (bytes: number): string => (bytes / KIB).toFixed(2).padStart(6);
  return lines
    .map((line) => {
      const verdict = isWithin(line) ? 'ok  ' : 'OVER';
      const size = `${kib(line.bytes)} of ${kib(line.maxBytes)} KiB`;
      return `  ${verdict} ${line.build.padEnd(12)} ${line.context.padEnd(15)} ${size}  ${line.files.length} files`;
    })
    .join('\n');
}

if (import.meta.main) {
  const lines = ['chrome-mv3', 'firefox-mv3'].flatMap(measure);
  console.log(table(lines));
  process.exitCode = lines.every(isWithin) ? 0 : 1;
}
