import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Action, parseAction } from './action.ts';
import { answerJson, answerText } from './answer.ts';
import type { Source } from './source.ts';

/** Longest body of a control request, in bytes. */
const MAX_BODY_BYTES = 4096;

/**
 * Whether a control request comes from the demo's own page, or from a program, which sends no Origin.
 * The host is checked too: a foreign name that points to loopback would make its own pages same-origin.
 */
function isAllowed({ headers }: IncomingMessage): boolean {
  const host = headers.host ?? '';
  if (!/^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host)) return false;
  return headers.origin === undefined || headers.origin === `http://${host}`;
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop would destroy the request, and with it the answer: what is too much is read and thrown away.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes <= MAX_BODY_BYTES ? Buffer.concat(chunks).toString() : null;
}

function parseBody(body: string): { ok: true; action: Action } | { ok: false; reason: string } {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { ok: false, reason: 'the body is not JSON' };
  }
  return parseAction(value);
}

/** Does what the body says with `source` and answers with its new state; 403, 413 or 400 with words otherwise. */
export async function answerControl(request: IncomingMessage, response: ServerResponse, source: Source): Promise<void> {
  if (!isAllowed(request)) {
    answerText(response, 403, 'Cannot control the source: the request is from another origin');
    return;
  }
  const body = await readBody(request);
  if (body === null) {
    answerText(response, 413, `Cannot control the source: the body is over ${MAX_BODY_BYTES} bytes`);
    return;
  }
  const parsed = parseBody(body);
  if (!parsed.ok) {
    answerText(response, 400, `Cannot control the source: ${parsed.reason}`);
    return;
  }
  source.control(parsed.action);
  answerJson(response, 200, source.state);
}
