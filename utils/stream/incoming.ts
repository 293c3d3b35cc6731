/**
 * What the background looks at before it believes a page: version, size, depth, then the message itself.
 * Apart from protocol.ts, which every page loads, because pages need none of it.
 */
import {
  isJson,
  MAX_JSON_DEPTH,
  MAX_MESSAGE_BYTES,
  type Parsed,
  parseToBackground,
  PROTOCOL_VERSION,
  type ToBackground,
} from './protocol';

/** Most bytes (UTF-8, as JSON) of the note that the background keeps for the pages of an origin. */
export const MAX_NOTE_BYTES = 1_024;

type Incoming = Parsed<ToBackground, 'bad-message' | 'version-mismatch'>;

const bad = (reason: string): Incoming => ({ ok: false, code: 'bad-message', reason });

/** Parses what a page sent, and refuses what is too large or too deep, also in fields that nobody reads. Never throws. */
export function parseIncoming(raw: unknown): Incoming {
  const other = otherVersion(raw);
  if (other !== null) return { ok: false, code: 'version-mismatch', reason: `version ${other}` };
  if (!isWithin(raw, MAX_MESSAGE_BYTES)) return bad(`more than ${MAX_MESSAGE_BYTES} bytes`);
  if (!isJson(raw)) return bad(`not JSON of at most ${MAX_JSON_DEPTH} levels`);
  // Exact, where the look before was a lower bound.
  if (bytesOf(raw) > MAX_MESSAGE_BYTES) return bad(`more than ${MAX_MESSAGE_BYTES} bytes`);
  const parsed = parseToBackground(raw);
  if (!parsed.ok) return bad(parsed.reason);
  const { message } = parsed;
  if (message.type === 'NOTE' && bytesOf(message.note) > MAX_NOTE_BYTES) {
    return bad(`a note of more than ${MAX_NOTE_BYTES} bytes`);
  }
  return parsed;
}

/** The version of a handshake that is not ours. All else about it may differ, and is not looked at. */
function otherVersion(raw: unknown): number | null {
  if (typeof raw !== 'object' || raw === null) return null;
  const { type, protocol } = raw as { type?: unknown; protocol?: unknown };
  const isOther = type === 'START_UPDATES' && Number.isSafeInteger(protocol) && protocol !== PROTOCOL_VERSION;
  return isOther ? (protocol as number) : null;
}

/** Whether `raw` may be within `bytes`: counts no more than there is, and not much further. Not recursive, for `raw` may be deep. */
function isWithin(raw: unknown, bytes: number): boolean {
  const waiting = [raw];
  let left = bytes;
  while (waiting.length > 0 && left >= 0) {
    const x = waiting.pop();
    if (typeof x === 'string') left -= x.length;
    if (typeof x !== 'object' || x === null) continue;
    // The length first: Firefox carries arrays of nothing but holes.
    if (Array.isArray(x) && x.length > left) return false;
    for (const key in x) {
      left -= Array.isArray(x) ? 1 : key.length + 1;
      if (left < 0) return false;
      waiting.push((x as Record<string, unknown>)[key]);
    }
  }
  return left >= 0;
}

/** Exact where it can matter: a text this short is within every limit, whatever it holds. */
function bytesOf(x: unknown): number {
  const text = JSON.stringify(x);
  return text.length * 3 <= MAX_NOTE_BYTES ? text.length : new TextEncoder().encode(text).length;
}
