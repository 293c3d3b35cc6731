import { describe, expect, it } from 'vitest';
import { createSiteLine } from '../../../utils/pages/site-line';
import { createDom } from '../../fakes/dom';
import { createEnglish } from '../ui/english';

const lineOf = (host: string | null, shown: boolean): HTMLElement =>
  createSiteLine(createDom().document, createEnglish(), { host, shown });

describe('site line', () => {
  it.each([
    [true, 'a.example:8080 shown here'],
    [false, 'a.example:8080 not shown here'],
  ])('names the page and says whether the panel shows: %j', (shown, words) => {
    const line = lineOf('a.example:8080', shown);
    expect(line.textContent).toBe(words);
    expect(line.dataset['shown']).toBe(String(shown));
    expect(line.querySelector('bdi')?.textContent).toBe('a.example:8080');
  });

  it('says that the panel cannot show on a page without a name', () => {
    const line = lineOf(null, false);
    expect(line.textContent).toBe('Tidings cannot be shown on this page');
    expect(line.dataset['shown']).toBeUndefined();
  });

  it('shows a host as the text that it is', () => {
    expect(lineOf('<b>x', true).querySelector('b')).toBeNull();
  });
});
