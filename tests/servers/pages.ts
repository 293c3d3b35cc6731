import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';

/** Own files only, nothing inline, in no other site's frame. */
const OWN_FILES =
  "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; img-src 'self'; style-src 'self'";

const PAGES = {
  '/': { file: 'pipeline.html', csp: `${OWN_FILES}; script-src 'self'; connect-src 'self'` },
  '/away': { file: 'away.html', csp: OWN_FILES },
  '/strict': { file: 'strict.html', csp: "default-src 'none'" },
  '/frames': { file: 'frames.html', csp: `${OWN_FILES}; frame-src 'self'` },
  '/rtl': { file: 'rtl.html', csp: OWN_FILES },
  '/pipeline.css': { file: 'pipeline.css', csp: OWN_FILES },
  '/pipeline.js': { file: 'pipeline.js', csp: OWN_FILES },
  '/icon.svg': { file: 'icon.svg', csp: OWN_FILES },
} as const satisfies Record<string, { file: string; csp: string }>;

const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

export type PagePath = keyof typeof PAGES;

export const isPagePath = (path: string): path is PagePath => Object.hasOwn(PAGES, path);

/** Reads the files again at each request, so that an edit shows. `no-cache`, as `no-store` would keep a page out of the bfcache. */
export async function answerPage(response: ServerResponse, path: PagePath): Promise<void> {
  const { file, csp } = PAGES[path];
  const body = await readFile(new URL(`pages/${file}`, import.meta.url));
  response.writeHead(200, {
    'Content-Type': TYPES[file.split('.')[1] ?? ''] ?? 'text/plain',
    'Content-Length': body.length,
    'Content-Security-Policy': csp,
    'Cache-Control': 'no-cache',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(body);
}
