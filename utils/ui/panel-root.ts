import css from './panel.css?inline';

/** How long the panel shows without a sign of life, in ms. */
export const DEAD_AFTER_MS = 30_000;

const HOST_ATTRIBUTE = 'data-tidings-panel';

/** Finds the panels in a page, of this script or of an older one. */
export const HOST_SELECTOR = `:root > [${HOST_ATTRIBUTE}]`;

/** Nothing in a page's style sheets outweighs an important declaration of the style attribute. */
const HOST_STYLE = 'all:initial;position:fixed;inset:0;z-index:2147483647;pointer-events:none;'.replaceAll(
  ';',
  '!important;',
);

/** Events that are nobody's but ours. Capturing listeners of the page still hear of them: nothing can prevent that. */
const PRIVATE_EVENTS = ['keydown', 'keypress', 'keyup', 'click', 'pointerdown', 'mousedown'] as const;

/** Puts `panel` into a closed shadow root with its styles. The host is not in the document yet. */
export function createPanelHost(document: Document, panel: HTMLElement): HTMLElement {
  const host = document.createElement('div');
  host.setAttribute(HOST_ATTRIBUTE, '');
  // By script, not by attribute: a page's Content-Security-Policy may forbid the latter.
  host.style.cssText = HOST_STYLE;
  const root = host.attachShadow({ mode: 'closed' });
  root.append(panel);
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch {
    // [firefox] A content script may not adopt a sheet, but what it sets as text is exempt from the page's policy.
    const style = document.createElement('style');
    style.textContent = css;
    root.prepend(style);
  }
  for (const type of PRIVATE_EVENTS) root.addEventListener(type, (event) => event.stopPropagation());
  return host;
}

/**
 * Hides `panel` after {@link DEAD_AFTER_MS} unless told again that we live. Firefox takes a script away with its extension
 * but leaves what it put into the page; an animation runs without the script. It has no say in reduced motion: nothing moves.
 * @returns says that we live
 */
export function createDeadMansSwitch(panel: HTMLElement): () => void {
  // All of it is delay: a browser draws no frames while an animation waits, but may at each one while it runs.
  const animation = panel.animate({ visibility: 'hidden' }, { delay: DEAD_AFTER_MS, duration: 1, fill: 'forwards' });
  return () => {
    animation.currentTime = 0;
  };
}
