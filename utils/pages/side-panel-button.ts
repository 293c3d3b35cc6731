import { browser } from 'wxt/browser';
import { createElement } from '../ui/create-element';
import type { Translate } from '../ui/words';

/** Firefox's own, which Chrome's types do not know. */
interface SidebarAction {
  open(): Promise<void>;
}

/**
 * Makes a button that opens the side panel of this window, where it stays when the popup closes.
 * `windowId` must be known before the click: both browsers open it only in the turn of the person's own action.
 */
export function createSidePanelButton(document: Document, t: Translate, windowId: number): HTMLButtonElement {
  const button = createElement(document, 'button', 'side-panel', t('popup.side_panel'));
  button.type = 'button';
  button.addEventListener('click', () => {
    const { sidebarAction } = browser as unknown as { sidebarAction?: SidebarAction };
    const opening = sidebarAction ? sidebarAction.open() : browser.sidePanel.open({ windowId });
    opening.catch((error: unknown) => console.error('Cannot open the side panel', error));
  });
  return button;
}
