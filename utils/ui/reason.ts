import type { StatusReason } from '../stream/protocol';
import type { Format } from './format';
import type { Translate, WordKey } from './words';

/** A code as the name of its message: `needs-access` is `reason.needs_access`. Codes come from outside, hence the cast. */
const keyOf = (group: string, code: string): WordKey => `${group}.${code.replaceAll('-', '_')}` as WordKey;

/**
 * Why a feed is in its state, in words. A code whose detail may be missing has two messages: `reason.closed` and
 * `reason.closed_detail`. A code that no message knows is shown as it is, with its detail.
 */
export function reasonWords(t: Translate, { code, detail }: StatusReason): string {
  return (
    (detail && t(keyOf('reason', `${code}-detail`), [detail])) ||
    t(keyOf('reason', code), [detail]) ||
    [code, detail].filter(Boolean).join(': ')
  );
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
