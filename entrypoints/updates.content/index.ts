import { browser } from 'wxt/browser';
import { defineContentScript } from 'wxt/utils/define-content-script';
import { openPort } from '../../utils/pages/open-port';
import { createSubscriber } from '../../utils/stream/subscriber';
import { PORT_NAME } from '../../utils/stream/protocol';
import { createFeedModel } from '../../utils/ui/feed-model';
import { isHtmlDocument } from '../../utils/ui/is-html-document';
import { mountPanel } from '../../utils/ui/panel';
import { createPlacementStore } from '../../utils/ui/placement-store';
import { createTranslate } from '../../utils/ui/words';
import './life.css';
import { recordApplied } from './record-applied';

export default defineContentScript({
  // Registered by the background for the sites in settings: a manifest entry would ask for their hosts at install.
  matches: [],
  registration: 'runtime',
  // A page can read that message and replay it to stop the script.
  noScriptStartedPostMessage: true,
  main(ctx) {
    if (!isHtmlDocument(document)) return;
    // Ends when a newer script of ours takes over, and with the stream: the extension or its right to the page is gone.
    const { signal } = ctx;
    // For the background, which asks before it puts another script into the page. The page has globals of its own.
    Object.assign(globalThis, { tidings: signal });
    const model = createFeedModel();
    const placement = createPlacementStore((note) => subscriber.note(note), signal);

    const subscriber = createSubscriber({
      connect: () => openPort(PORT_NAME),
      isValid: () => browser.runtime?.id !== undefined,
      page: window,
      takesOver: true,
      ...model,
      onStream(stream) {
        model.onStream(stream);
        placement.onStream(stream);
        if (stream.name === 'closed') ctx.abort(stream.reason);
      },
      onBatch(feeds) {
        model.onBatch(feeds);
        if (import.meta.env.MODE === 'test') recordApplied(feeds);
      },
      onNote: placement.onNote,
      signal,
    });
    // In the first frame: the port is opened before, and a page that nobody has seen yet needs no panel.
    requestAnimationFrame(() => {
      try {
        mountPanel({
          document,
          model,
          actions: subscriber,
          store: placement.panel,
          t: createTranslate(browser.i18n.getMessage as Parameters<typeof createTranslate>[0]),
          signal,
        });
      } catch (error) {
        // Nobody would see what streams.
        ctx.abort('no panel');
        throw error;
      }
    });
  },
});
