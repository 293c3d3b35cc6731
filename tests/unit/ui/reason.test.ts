import { describe, expect, it } from 'vitest';
import { CLOSE_REASONS } from '../../../utils/stream/protocol';
import { createFormat } from '../../../utils/ui/format';
import { reasonWords, retryWords, streamReasonWords } from '../../../utils/ui/reason';
import { createEnglish } from './english';

const t = createEnglish();

describe('reasons', () => {
  it.each([
    'network',
    'http',
    'timeout',
    'silent',
    'closed',
    'bad-data',
    'too-large',
    'needs-access',
    'redirected',
    'path',
    'not-kept',
    'may-have-missed',
  ])('has words for the feed reason %s', (code) => {
    expect(reasonWords(t, { code, detail: 'X' })).toMatch(/^[A-Z].* .*[.X]$/);
  });

  it.each([
    ...Object.keys(CLOSE_REASONS),
    'disconnect',
    'handshake-timeout',
    'pong-timeout',
    'gap',
    'connect-failed',
    'invalidated',
    'stopped',
  ])('has words for the stream reason %s', (code) => {
    expect(streamReasonWords(t, code)).toMatch(/^[A-Z].* .*\.$/);
  });

  it('puts the detail into the words', () => {
    expect(reasonWords(t, { code: 'http', detail: '401' })).toBe('The server refused: 401');
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
