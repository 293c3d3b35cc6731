import { fakeBrowser } from '@webext-core/fake-browser';
import { vi } from 'vitest';
import { DEVELOPMENT_DEFAULTS } from '../../utils/settings/defaults.ts';
import { createGetMessage } from '../unit/ui/english.ts';
import { createDom, type FakeDom } from './dom.ts';
import { createPortPair, type FakePort } from './port.ts';

export interface FakeExtensionPage extends FakeDom {
  /** The background's ends of the ports that the page opened, in order. */
  readonly ports: FakePort[];
  /** What the page said by any of them. */
  readonly received: { type: string; [field: string]: unknown }[];
}

/**
 * A page of the extension, with the browser as such a page has it: its window is 7, before it is a tab at `url`, the
 * extension may run everywhere, and the settings are those of development. With `incognito` `null` the browser does not tell of its window.
 */
export function createExtensionPage({
  body = '<header class="head"></header><main></main>',
  incognito = false as boolean | null,
  url = 'http://localhost:4100/',
} = {}): FakeExtensionPage {
  const page: FakeExtensionPage = { ...createDom(body), ports: [], received: [] };
  Object.assign(fakeBrowser, {
    i18n: { getMessage: createGetMessage() },
    windows: {
      getCurrent: () =>
        incognito === null ? Promise.reject(new Error('No current window')) : Promise.resolve({ id: 7, incognito }),
    },
    permissions: { contains: () => Promise.resolve(true) },
  });
  Object.assign(fakeBrowser.tabs, { query: () => Promise.resolve([{ url }]) });
  Object.assign(fakeBrowser.runtime, {
    id: 'tidings',
    sendMessage: () => Promise.resolve(structuredClone(DEVELOPMENT_DEFAULTS)),
    connect({ name }: { name: string }) {
      const pair = createPortPair({ name });
      pair.background.onMessage.addListener((message) =>
        page.received.push(message as FakeExtensionPage['received'][number]),
      );
      page.ports.push(pair.background);
      return pair.page;
    },
  });
  vi.stubGlobal('window', page.window);
  vi.stubGlobal('document', page.document);
  return page;
}
