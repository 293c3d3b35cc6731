/** A string becomes a text node, never markup. */
export type Child = Node | string;

/** Makes an HTML element with a class and children. */
export function createElement<Tag extends keyof HTMLElementTagNameMap>(
  document: Document,
  tag: Tag,
  className: string,
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children);
  return element;
}

/** Makes an SVG element with attributes and children. */
export function createSvg(
  document: Document,
  tag: string,
  attributes: Record<string, string>,
  ...children: Node[]
): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag) as SVGElement;
  for (const name in attributes) element.setAttribute(name, attributes[name] ?? '');
  element.append(...children);
  return element;
}

/** Shows `text` in `element`, which is hidden while that is empty. */
export type SetText = (element: HTMLElement, text: string) => void;

/** A {@link SetText} by a text node. An element with a `dir` may be cut: it gets a title. */
export const setText: SetText = (element, text) => {
  if (text && element.textContent === text) return;
  element.textContent = text;
  element.hidden = !text;
  if (element.dir) element.title = text;
};

/**
 * A {@link SetText} by an attribute that the style sheet turns into generated content: screen readers read it, a page
 * does not. `window.find` looks into closed shadow roots and tells a page, guess by guess, what text nodes are there
 * [chrome] [firefox]; in Firefox the selection then hands it the node, and with that everything. So a panel has none.
 */
export const setVeiledText: SetText = (element, text) => {
  if (element.dataset['text'] === text) return;
  element.dataset['text'] = text;
  element.hidden = !text;
};
