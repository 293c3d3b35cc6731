import { createElement, createSvg } from './create-element';

/** Strokes in a box of 16 by 16. */
const ICONS = {
  move: 'M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01',
  pause: 'M5.5 4v8M10.5 4v8',
  resume: 'M5.5 4v8l6-4z',
  collapse: 'M4 6.5l4 4 4-4',
  expand: 'M4 9.5l4-4 4 4',
} as const;

export interface ToolButton {
  element: HTMLButtonElement;
  /** Sets the icon, and the label as name and title. */
  show(icon: keyof typeof ICONS, label: string): void;
}

/** Makes a button that is an icon. It has neither icon nor name until {@link ToolButton.show}. */
export function createToolButton(document: Document): ToolButton {
  const path = createSvg(document, 'path', {});
  const icon = createSvg(document, 'svg', { viewBox: '0 0 16 16', 'aria-hidden': 'true' }, path);
  const element = createElement(document, 'button', 'tool', icon);
  element.type = 'button';
  return {
    element,
    show(name, label) {
      if (element.title === label) return;
      path.setAttribute('d', ICONS[name]);
      element.title = label;
      element.ariaLabel = label;
    },
  };
}
