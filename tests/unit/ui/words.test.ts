import { expect, test, vi } from 'vitest';
import { createTranslate } from '../../../utils/ui/words';

test('a message is asked for by the name that browsers allow', () => {
  const getMessage = vi.fn<(name: string, substitutions?: string[]) => string>(() => 'Pause');
  expect(createTranslate(getMessage)('panel.pause', ['x'])).toBe('Pause');
  expect(getMessage).toHaveBeenCalledWith('panel_pause', ['x']);
});

test('a frame that is drawn after the extension went away has no words and throws nothing', () => {
  const t = createTranslate(() => {
    throw new Error('Extension context invalidated.');
  });
  expect(t('panel.pause')).toBe('');
});
