/**
 * The messages of the `conversation` port, and their parsers.
 *
 * Between the background and the extension's own pages only, which are always of the same version: no handshake of
 * versions. Plain JSON, `null` and never `undefined`, so that both browsers carry it unchanged.
 */
import * as v from 'valibot';

/** Name of the port. It routes, it never authorises. */
export const CONVERSATION_PORT_NAME = 'conversation';

/**
 * Name of the port of a page in a private window. The sender of a popup or side panel says nothing of its window: the
 * page must. It is an extension page, whatever it says.
 */
export const PRIVATE_CONVERSATION_PORT_NAME = 'private-conversation';

/** Longest text of a message in UTF-8 bytes: 4 KiB. A longer one is refused with `too-long`. */
export const MAX_TEXT_BYTES = 4 * 1024;

/** Messages that one port may send in any second; the next is refused with `too-fast`. */
export const MAX_MESSAGES_PER_SECOND = 20;

/** Entries that a transcript keeps; the oldest go first. */
export const MAX_ENTRIES = 200;

/** Longest text that is parsed at all, in UTF-16 units. Between this and {@link MAX_TEXT_BYTES} the person gets a reason. */
const MAX_PARSED_LENGTH = 256 * 1024;
/** As many feeds as the `updates` port can tell of. */
const MAX_ADDRESSEES = 256;

const ENCODER = new TextEncoder();

/** Size of `text` in UTF-8 bytes. */
export const utf8Bytes = (text: string): number => ENCODER.encode(text).length;

const id = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
const text = v.pipe(v.string(), v.maxLength(MAX_PARSED_LENGTH));
const name = v.pipe(v.string(), v.maxLength(200));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const addressee = v.object({ id, name });

const entry = v.object({
  id,
  at: count,
  from: v.picklist(['person', 'background']),
  text,
  to: v.nullable(name),
  answers: v.nullable(id),
  outcome: v.nullable(v.picklist(['received', 'accepted', 'refused'])),
});

const refusal = v.picklist(['empty', 'too-long', 'too-fast', 'no-such-addressee']);

const addressees = v.pipe(v.array(addressee), v.maxLength(MAX_ADDRESSEES));
const entries = v.pipe(v.array(entry), v.maxLength(MAX_ENTRIES));

const toBackground = v.variant('type', [
  v.object({ type: v.literal('SEND'), id, text, to: v.nullable(id) }),
  v.object({ type: v.literal('PING'), id: count }),
]);

const toPanel = v.variant('type', [
  v.object({ type: v.literal('TRANSCRIPT'), entries, addressees }),
  v.object({ type: v.literal('ENTRY'), entry }),
  v.object({ type: v.literal('REFUSED'), id, reason: refusal }),
  v.object({ type: v.literal('ADDRESSEES'), addressees }),
  v.object({ type: v.literal('PONG'), id: count }),
]);

/** A feed that text can be sent to. */
export type Addressee = v.InferOutput<typeof addressee>;

/**
 * One line of the conversation. `at`: when the background got or said it, epoch ms. `to`: name of the feed the text was
 * meant for, `null` for the background itself. Answers alone have `answers`, the id of the entry answered, and an
 * `outcome`; when that is `refused`, `text` is a code that says why, for the page to put in words.
 */
export type Entry = v.InferOutput<typeof entry>;

/** Why a message did not enter the conversation: a code for the page to put in words. */
export type RefusalReason = v.InferOutput<typeof refusal>;

/**
 * `SEND`: the person's text for a feed, or with `to` `null` for the background. Its `id` becomes the entry's, so that a
 * page knows its own and nothing is done twice. `PING`: every 20 s, keeps the background running in both browsers.
 */
export type ToBackground = v.InferOutput<typeof toBackground>;

/**
 * `TRANSCRIPT`: first, all that is kept. `ENTRY`: what is new, to every panel at once. `REFUSED`: the `SEND` with this
 * id changed nothing. `ADDRESSEES`: the feeds that take text were changed.
 */
export type ToPanel = v.InferOutput<typeof toPanel>;

/** A message, or in words what is wrong with it. */
export type Parsed<Message> = { ok: true; message: Message } | { ok: false; reason: string };

function parse<Schema extends v.GenericSchema>(schema: Schema, x: unknown): Parsed<v.InferOutput<Schema>> {
  const result = v.safeParse(schema, x, { abortEarly: true });
  if (result.success) return { ok: true, message: result.output };
  const [issue] = result.issues;
  return { ok: false, reason: `${v.getDotPath(issue) ?? 'message'}: ${issue.message}` };
}

/** Parses what a panel sent. Fields not named here are dropped. Never throws. */
export const parseToBackground = (x: unknown): Parsed<ToBackground> => parse(toBackground, x);

/** Parses what the background sent. Fields not named here are dropped. Never throws. */
export const parseToPanel = (x: unknown): Parsed<ToPanel> => parse(toPanel, x);

/** Parses a transcript that was kept; the newest {@link MAX_ENTRIES} of it. */
export function parseEntries(x: unknown): Entry[] | null {
  const result = v.safeParse(v.array(entry), x);
  return result.success ? result.output.slice(-MAX_ENTRIES) : null;
}
