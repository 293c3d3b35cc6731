import { describe, expect, it } from 'vitest';
import { CLOSE_REASONS } from '../../../utils/stream/protocol';
import { createFormat } from '../../../utils/ui/format';
import { reasonWords, retryWords, streamReasonWords } from '../../../utils/ui/reason';
import { createEnglish } from './english';

const t = createEnglish();

const FEED_CODES = [
  'network',
  'http',
  'timeout',
  'silent',
  'closed',
  'bad-data',
  'too-large',
  'too-much',
  'needs-access',
  'needs-access-socket',
  'resume-refused',
  'redirected',
  'path',
  'not-kept',
  'may-have-missed',
];

describe('reasons', () => {
  it.each(FEED_CODES)('has words for the feed reason %s', (code) => {
    expect(reasonWords(t, { code, detail: 'X' })).toMatch(/^[A-Z].* .*[.X]$/);
  });

  it.each(['network', 'timeout', 'silent', 'closed', 'too-much', 'redirected', 'not-kept', 'may-have-missed'])(
    'has whole sentences for the feed reason %s without a detail',
    (code) => {
      expect(reasonWords(t, { code, detail: '' })).toMatch(/^([A-Z][^.:$]* [^.:$]*\w\.( |$))+$/);
    },
  );

  it.each(FEED_CODES.flatMap((code) => [[code, ''] as const, [code, 'X'] as const]))(
    'asks for no message that does not exist of %s "%s"',
    (code, detail) => {
      const missing: string[] = [];
      reasonWords(
        (key, substitutions) => {
          const words = t(key, substitutions);
          if (words === '') missing.push(key);
          return words;
        },
        { code, detail },
      );
      expect(missing).toEqual([]);
    },
  );

  it.each([
    ['http', '401', 'The server answered 401.'],
    ['network', '', 'The source could not be reached.'],
    [
      'network',
      'the browser refuses this address',
      'The source could not be reached: the browser refuses this address.',
    ],
    ['closed', '1006', 'The server closed the connection with code 1006.'],
    [
      'too-much',
      'more than 4 MiB a second',
      'The source sends more than Tidings can take: more than 4 MiB a second. Tidings closed the connection and will try again.',
    ],
    ['redirected', 'https://a.example', 'The source redirects to https://a.example, which Tidings does not follow.'],
  ])('says of %s "%s": %s', (code, detail, words) => {
    expect(reasonWords(t, { code, detail })).toBe(words);
  });

  it.each(['needs-access', 'needs-access-socket', 'resume-refused'])(
    'names the host and says what to do about %s',
    (code) => {
      const words = reasonWords(t, { code, detail: 'api.example:8443' });
      expect(words).toContain('api.example:8443');
      expect(words).toMatch(/allow/i);
    },
  );

  it.each([
    ...Object.keys(CLOSE_REASONS),
    'disconnect',
    'handshake-timeout',
    'pong-timeout',
    'gap',
    'not-applied',
    'connect-failed',
    'invalidated',
    'stopped',
  ])('has words for the stream reason %s', (code) => {
    expect(streamReasonWords(t, code)).toMatch(/^[A-Z].* .*\.$/);
  });

  it('shows a code as it is when it has no words', () => {
    expect(reasonWords(t, { code: 'new-code', detail: '7' })).toBe('new-code: 7');
    expect(reasonWords(t, { code: 'new-code', detail: '' })).toBe('new-code');
    expect(streamReasonWords(t, 'new-code')).toBe('new-code');
    expect(streamReasonWords(t, null)).toBe('');
  });

  it.each([
    [null, ''],
    [undefined, ''],
    [1_000, 'Trying now'],
    [6_000, 'Next try in 5 s'],
  ])('says of a retry at %j "%s"', (retryAt, words) => {
    expect(retryWords(t, createFormat(t, 'en'), retryAt, 1_000)).toBe(words);
  });
});
