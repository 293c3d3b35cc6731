import { browser } from 'wxt/browser';
import { mountConversation } from '../conversation/conversation-view';
import { CONVERSATION_PORT_NAME, PRIVATE_CONVERSATION_PORT_NAME } from '../conversation/protocol';
import { PORT_NAME } from '../stream/protocol';
import { createTranslate, type Translate } from '../ui/words';
import { offerConsoleTools } from './console-tools';
import { mountLiveValues } from './live-values';
import { openPort } from './open-port';

/** Fills `main` of popup or side panel with the conversation, and below it the live values. Runs as long as the page. */
export function startPage(page: Window): { t: Translate } {
  const { document } = page;
  const main = document.querySelector('main') ?? document.body;
  const { signal } = new AbortController();
  // The names that the types know are the browser's own only.
  const t = createTranslate(browser.i18n.getMessage as Parameters<typeof createTranslate>[0]);
  document.documentElement.dir = t('@@bidi_dir');
  offerConsoleTools(page);
  void isInPrivateWindow().then((isPrivate) => {
    const { announce } = mountConversation(main, {
      t,
      page,
      connect: () => openPort(isPrivate ? PRIVATE_CONVERSATION_PORT_NAME : CONVERSATION_PORT_NAME),
      signal,
    });
    mountLiveValues(main, {
      t,
      page,
      connect: () => openPort(PORT_NAME),
      isValid: () => browser.runtime?.id !== undefined,
      isPrivate,
      announce,
      signal,
    });
  });
  return { t };
}

/**
 * Only the window tells that it is private: the sender of a popup or side panel says nothing of it. Nothing is connected
 * before it is known. Where the browser does not tell, the window counts as private: less is kept then.
 */
const isInPrivateWindow = (): Promise<boolean> =>
  browser.windows.getCurrent().then(
    ({ incognito }) => incognito,
    () => true,
  );
