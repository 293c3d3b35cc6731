import { browser } from 'wxt/browser';
import { defineBackground } from 'wxt/utils/define-background';
import { createServices } from '../../utils/background/services';
import { CONVERSATION_PORT_NAME, PRIVATE_CONVERSATION_PORT_NAME } from '../../utils/conversation/protocol';
import { lockLocalStorage } from '../../utils/settings/lock-local-storage';
import { PORT_NAME } from '../../utils/stream/protocol';

const CONVERSATIONS: readonly string[] = [CONVERSATION_PORT_NAME, PRIVATE_CONVERSATION_PORT_NAME];

export default defineBackground({
  type: 'module',
  main() {
    // All listeners in this turn: a browser that starts the background for an event delivers it right after.
    const services = createServices();
    const { publisher, responder, serveSettings, showInOpenPages, recheckAccess, windowClosed } = services;

    browser.runtime.onConnect.addListener((port) => {
      // [chrome] An end's cause that nobody reads is logged as an error of the extension.
      port.onDisconnect.addListener(() => void browser.runtime.lastError);
      if (port.name === PORT_NAME) publisher.accept(port);
      else if (CONVERSATIONS.includes(port.name)) responder.accept(port);
      else port.disconnect();
    });
    serveSettings();
    lockLocalStorage();

    browser.runtime.onInstalled.addListener(services.installed);
    browser.permissions.onAdded.addListener(() => {
      showInOpenPages();
      recheckAccess();
    });
    browser.permissions.onRemoved.addListener(recheckAccess);
    browser.windows.onRemoved.addListener(windowClosed);
    // [firefox] Only: Chrome stops a worker without a word.
    browser.runtime.onSuspend?.addListener(() => publisher.closeAll('shutting-down'));
  },
});
