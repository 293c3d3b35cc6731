import { browser } from 'wxt/browser';
import { defineBackground } from 'wxt/utils/define-background';
import { CONVERSATION_PORT_NAME } from '../../utils/conversation/protocol';
import { injectIntoOpenPages } from '../../utils/sites/site-scripts';
import { PORT_NAME } from '../../utils/stream/protocol';
import { createServices } from './services';

export default defineBackground({
  type: 'module',
  main() {
    // All listeners in this turn: a browser that starts the background for an event delivers it right after.
    const { publisher, responder, settings, onSettingsChanged, shutDown } = createServices();

    browser.runtime.onConnect.addListener((port) => {
      // [chrome] An end's cause that nobody reads is logged as an error of the extension.
      port.onDisconnect.addListener(() => void browser.runtime.lastError);
      if (port.name === PORT_NAME) publisher.accept(port);
      else if (port.name === CONVERSATION_PORT_NAME) responder.accept(port);
      else port.disconnect();
    });
    onSettingsChanged();

    const injectNow = (): void => void settings().then(({ sites }) => injectIntoOpenPages(sites));
    browser.runtime.onInstalled.addListener(injectNow);
    browser.permissions.onAdded.addListener(injectNow);
    browser.permissions.onRemoved.addListener(() => publisher.recheck());
    // [firefox] Only: Chrome stops a worker without a word.
    browser.runtime.onSuspend?.addListener(shutDown);
  },
});
