import { describe, expect, it } from 'vitest';
import { textWords } from '../../../utils/conversation/conversation-log';
import type { Entry } from '../../../utils/conversation/protocol';
import { createEnglish } from '../ui/english';

const t = createEnglish();

const answer = (part: Partial<Entry>): Entry => ({
  id: 'b1',
  at: 1_000,
  from: 'background',
  text: '',
  to: 'Builds',
  answers: 'm1',
  outcome: 'accepted',
  ...part,
});
const refusal = (code: string): string => textWords(t, answer({ outcome: 'refused', text: code }));

describe('conversation log', () => {
  it('has words of its own for every reason of a feed not to take a text', () => {
    const words = ['unknown-feed', 'not-a-websocket', 'not-open', 'too-much-waiting', 'new-code'].map(refusal);
    for (const sentence of words) expect(sentence).toMatch(/^Not accepted by Builds: [^$]+\.$/);
    expect(new Set(words).size).toBe(words.length);
  });

  it.each(['new-code', '', 'not open', '__proto__', '$1'])('says something general of the reason %j', (code) => {
    expect(refusal(code)).toBe(refusal('other'));
  });

  it('says who accepted a text', () => {
    expect(textWords(t, answer({}))).toBe('Accepted by Builds');
  });

  it.each(['received', null] as const)('shows the text as it is with the outcome %j', (outcome) => {
    expect(textWords(t, answer({ outcome, text: 'a $1 <b>' }))).toBe('a $1 <b>');
  });
});
