import { describe, expect, it } from 'vitest';
import { createToolButton } from '../../../utils/ui/tool-button';
import { createDom } from '../../fakes/dom';

const { document } = createDom();

const ICONS = ['move', 'pause', 'resume', 'collapse', 'expand'] as const;
const drawing = (button: HTMLElement): string | null | undefined => button.querySelector('path')?.getAttribute('d');

describe('tool button', () => {
  it('submits no form, and hides its icon from who does not see it', () => {
    const { element } = createToolButton(document);
    expect(element.getAttribute('type')).toBe('button');
    expect(element.querySelector('svg')?.getAttribute('aria-hidden')).toBe('true');
  });

  it('has neither icon nor name before it is told', () => {
    const { element } = createToolButton(document);
    expect([drawing(element), element.title, element.ariaLabel]).toEqual([null, '', null]);
  });

  it('has its label as name and as title', () => {
    const { element, show } = createToolButton(document);
    show('pause', 'Pause');
    expect([element.title, element.getAttribute('aria-label')]).toEqual(['Pause', 'Pause']);
    show('resume', 'Resume');
    expect([element.title, element.getAttribute('aria-label')]).toEqual(['Resume', 'Resume']);
  });

  it('draws another icon for each thing to do', () => {
    const { element, show } = createToolButton(document);
    const drawings = ICONS.map((icon) => {
      show(icon, icon);
      return drawing(element);
    });
    expect(new Set(drawings).size).toBe(ICONS.length);
    for (const path of drawings) expect(path).toMatch(/^M/);
  });
});
