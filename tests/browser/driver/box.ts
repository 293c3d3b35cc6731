import type { Box, Point } from './test-browser.ts';

/** Middle of a box. */
export const centre = ({ x, y, width, height }: Box): Point => ({ x: x + width / 2, y: y + height / 2 });

/** Runs in the page: where an element of these shadow roots is, once it has been there for two frames. */
export async function boxIn(shadows: ShadowRoot[], selector: string): Promise<Box> {
  const [found] = shadows.flatMap((shadow) => shadow.querySelector(selector) ?? []);
  if (!found) throw new Error(`Cannot find "${selector}" in the shadow roots`);
  let box: Box = { x: 0, y: 0, width: 0, height: 0 };
  for (let frames = 0; frames < 2; frames += 1) {
    found.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    const { x, y, width, height } = found.getBoundingClientRect();
    if (x !== box.x || y !== box.y || width !== box.width || height !== box.height) frames = -1;
    box = { x, y, width, height };
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  return box;
}

/** Runs in the page: where an element is, after scrolling it to the middle. */
export function boxOnPage(selector: string): Box {
  const found = document.querySelector(selector);
  if (!found) throw new Error(`Cannot find "${selector}" on the page`);
  found.scrollIntoView({ block: 'center', inline: 'center' });
  const { x, y, width, height } = found.getBoundingClientRect();
  return { x, y, width, height };
}
