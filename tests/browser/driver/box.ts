import type { Box, Point } from './test-browser.ts';

/** Middle of a box. */
export const centre = ({ x, y, width, height }: Box): Point => ({ x: x + width / 2, y: y + height / 2 });

/** Runs in the page: where an element of a shadow root is. */
export function boxIn(shadow: ShadowRoot, selector: string): Box {
  const found = shadow.querySelector(selector);
  if (!found) throw new Error(`Cannot find "${selector}" in the shadow root`);
  found.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  const { x, y, width, height } = found.getBoundingClientRect();
  return { x, y, width, height };
}

/** Runs in the page: where an element is, after scrolling it to the middle. */
export function boxOnPage(selector: string): Box {
  const found = document.querySelector(selector);
  if (!found) throw new Error(`Cannot find "${selector}" on the page`);
  found.scrollIntoView({ block: 'center', inline: 'center' });
  const { x, y, width, height } = found.getBoundingClientRect();
  return { x, y, width, height };
}
