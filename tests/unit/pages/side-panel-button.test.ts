import { fakeBrowser } from '@webext-core/fake-browser';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createSidePanelButton } from '../../../utils/pages/side-panel-button';
import { createDom } from '../../fakes/dom';
import { createEnglish } from '../ui/english';

const openSidePanel = vi.fn<(options: { windowId: number }) => Promise<void>>();
const openSidebar = vi.fn<() => Promise<void>>();

const createButton = (): HTMLButtonElement => createSidePanelButton(createDom().document, createEnglish(), 7);

beforeEach(() => {
  openSidePanel.mockReset().mockResolvedValue();
  openSidebar.mockReset().mockResolvedValue();
  Object.assign(fakeBrowser, { sidePanel: { open: openSidePanel }, sidebarAction: undefined });
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('side panel button', () => {
  test('says what it does and submits no form', () => {
    const button = createButton();
    expect([button.textContent, button.type]).toEqual(['Open side panel', 'button']);
  });

  test('opens the panel of its window, in the turn of the click', () => {
    createButton().click();
    expect(openSidePanel).toHaveBeenCalledExactlyOnceWith({ windowId: 7 });
  });

  test('opens the sidebar where the browser has one', () => {
    Object.assign(fakeBrowser, { sidebarAction: { open: openSidebar } });
    createButton().click();
    expect(openSidebar).toHaveBeenCalledOnce();
    expect(openSidePanel).not.toHaveBeenCalled();
  });

  test('opens nothing before it is pressed', () => {
    createButton();
    expect(openSidePanel).not.toHaveBeenCalled();
  });

  test('says in the console that the browser refused', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    openSidePanel.mockRejectedValue(new Error('no gesture'));
    createButton().click();
    await vi.waitFor(() => expect(logged).toHaveBeenCalledOnce(), { timeout: 10_000 });
  });
});
