import panelCss from './panel.css?inline';
import listCss from './panel-list.css?inline';
import { veil } from './veil';

const HOST_ATTRIBUTE = 'data-tidings-panel';

/** Custom property of the host; `visible` while the extension's style sheet is in the page. */
const LIFE = '--tidings-panel';

/** Finds the panels in a page, of this script or of an older one. */
export const HOST_SELECTOR = `:root > [${HOST_ATTRIBUTE}]`;

/** Events that are nobody's but ours. Capturing listeners of the page still hear of them: nothing can prevent that. */
const PRIVATE_EVENTS = ['keydown', 'keypress', 'keyup', 'click', 'pointerdown', 'mousedown'] as const;

/** Styles a shadow root. */
function setStyles(root: ShadowRoot, css: string): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch {
    // [firefox] A content script may not adopt a sheet, but what it sets as text is exempt from the page's policy.
    const style = root.ownerDocument.createElement('style');
    style.textContent = css;
    root.prepend(style);
  }
}

/** Puts `list` behind a {@link veil} of `host`, with its styles. */
export function veilList(host: HTMLElement, list: HTMLElement): void {
  setStyles(veil(host, list), listCss);
}

/** Puts `panel` into a closed shadow root with its styles. The host is not in the document yet. */
export function createPanelHost(document: Document, panel: HTMLElement): HTMLElement {
  const host = document.createElement('div');
  host.setAttribute(HOST_ATTRIBUTE, '');
  const root = host.attachShadow({ mode: 'closed' });
  root.append(panel);
  setStyles(root, panelCss);
  for (const type of PRIVATE_EVENTS) root.addEventListener(type, (event) => event.stopPropagation());
  return host;
}

/**
 * Shows a host that is in the document but whose script was registered without `entrypoints/updates.content/life.css`.
 * Such a panel does not vanish with its extension in Firefox, which removes a script with its style sheets but leaves
 * what the script put into the page.
 */
export function showWithoutSheet(host: HTMLElement): void {
  if (!getComputedStyle(host).getPropertyValue(LIFE)) host.style.setProperty(LIFE, 'visible');
}
