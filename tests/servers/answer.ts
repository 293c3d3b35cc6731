import type { ServerResponse } from 'node:http';

/** Lets any page and extension read a source, its ETag too. */
export const CORS_HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'ETag, Retry-After',
} as const;

/**
 * Answers what a browser asks before a request with If-None-Match or Last-Event-ID.
 * @param allowsHeaders `false`: like a server that has not heard of these headers
 * @see https://fetch.spec.whatwg.org/#cors-safelisted-request-header
 */
export function answerPreflight(response: ServerResponse, allowsHeaders: boolean): void {
  response.writeHead(204, {
    ...CORS_HEADERS,
    'Access-Control-Allow-Methods': 'GET',
    ...(allowsHeaders && {
      'Access-Control-Allow-Headers': 'If-None-Match, If-Modified-Since, Last-Event-ID, Cache-Control',
      'Access-Control-Max-Age': '600',
    }),
  });
  response.end();
}

/** Answers with words for a person. */
export function answerText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-cache', ...headers });
  response.end(`${text}\n`);
}

/** Answers with JSON that only pages of this origin can read. */
export function answerJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache' });
  response.end(JSON.stringify(value));
}
