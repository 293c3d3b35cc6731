import type { StatusReason } from '../stream/protocol';
import type { Format } from './format';
import type { Translate, WordKey } from './words';

/** A code as the name of its message: `needs-access` is `reason.needs_access`. Codes come from outside, hence the cast. */
const keyOf = (group: string, code: string): WordKey => `${group}.${code.replaceAll('-', '_')}` as WordKey;

/** Codes whose detail may be missing. They have two messages: `reason.closed` and `reason.closed_detail`. */
const WITH_DETAIL: readonly string[] = ['network', 'closed', 'too-much', 'redirected'];

/**
 * Why a feed is in its state, in words. A code that no message knows is shown as it is, with its detail.
 * [firefox] reports each question for a message that does not exist as an error.
 */
export function reasonWords(t: Translate, { code, detail }: StatusReason): string {
  const name = detail && WITH_DETAIL.includes(code) ? `${code}-detail` : code;
  return t(keyOf('reason', name), [detail]) || [code, detail].filter(Boolean).join(': ');
}

/** Why the stream is in its state, in words; empty without a reason. A code that no message knows is shown as it is. */
export function streamReasonWords(t: Translate, code: string | null): string {
  return code ? t(keyOf('stream.reason', code)) || code : '';
}

/** When it is tried again, "Next try in 5 s"; empty without a `retryAt` (epoch ms). */
export function retryWords(t: Translate, format: Format, retryAt: number | null | undefined, now: number): string {
  if (!retryAt) return '';
  return retryAt > now ? t('feed.retry', [format.age(retryAt - now)]) : t('feed.retrying');
}
