import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPanelHost, HOST_SELECTOR, showWithoutSheet, veilList } from '../../../utils/ui/panel-root';
import { createDom, shadowRootOf } from '../../fakes/dom';

/** What the style sheet of the extension gives the host; empty without it. */
let life: string;

beforeEach(() => {
  life = '';
  vi.stubGlobal('getComputedStyle', () => ({ getPropertyValue: () => life }));
});
afterEach(() => {
  vi.unstubAllGlobals();
});

function createBench() {
  const { document, fire } = createDom();
  const panel = document.createElement('section');
  const button = document.createElement('button');
  panel.append(button);
  const host = createPanelHost(document, panel);
  return { document, fire, panel, button, host };
}

describe('list of the panel', () => {
  it('is in a closed root with styles of its own', () => {
    const { document } = createDom();
    const [host, list] = [document.createElement('div'), document.createElement('div')];
    veilList(host, list);
    expect(host.shadowRoot).toBeNull();
    expect([...shadowRootOf(host).children].map(({ localName }) => localName)).toEqual(['style', 'div']);
  });
});

describe('panel host', () => {
  it('has the panel in a closed root', () => {
    const { host, panel } = createBench();
    expect(host.shadowRoot).toBeNull();
    expect(host.childNodes).toHaveLength(0);
    expect(panel.getRootNode()).toBe(shadowRootOf(host));
  });

  it('is not in the page yet, and is found there once it is', () => {
    const { document, host } = createBench();
    expect(host.isConnected).toBe(false);
    document.documentElement.append(host);
    expect(document.querySelector(HOST_SELECTOR)).toBe(host);
  });

  it('is not found where the page has put something like it', () => {
    const { document, host } = createBench();
    document.body.append(host);
    expect(document.querySelector(HOST_SELECTOR)).toBeNull();
  });

  it('adopts its styles where the browser lets it', () => {
    const replaceSync = vi.fn<(css: string) => void>();
    vi.stubGlobal(
      'CSSStyleSheet',
      class {
        replaceSync = replaceSync;
      },
    );
    const { host } = createBench();
    expect(replaceSync).toHaveBeenCalledOnce();
    expect(shadowRootOf(host).adoptedStyleSheets).toHaveLength(1);
    expect(shadowRootOf(host).querySelector('style')).toBeNull();
  });

  it('has them in an element, before the panel, where the browser refuses', () => {
    vi.stubGlobal('CSSStyleSheet', function CSSStyleSheet() {
      throw new DOMException('refused', 'NotAllowedError');
    });
    const { host, panel } = createBench();
    expect([...shadowRootOf(host).children].map(({ localName }) => localName)).toEqual(['style', panel.localName]);
  });

  it.each(['keydown', 'keypress', 'keyup', 'click', 'pointerdown', 'mousedown'])(
    'lets no %s out to the page',
    (type) => {
      const { button, fire } = createBench();
      expect(fire(button, type).cancelBubble).toBe(true);
    },
  );

  it.each(['pointermove', 'pointerup', 'focusin'])('has nothing against a %s', (type) => {
    const { button, fire } = createBench();
    expect(fire(button, type).cancelBubble).toBe(false);
  });
});

describe('showWithoutSheet', () => {
  it('shows a host that the style sheet of the extension does not', () => {
    const { host } = createBench();
    showWithoutSheet(host);
    expect(host.style.getPropertyValue('--tidings-panel')).toBe('visible');
  });

  it('leaves a host to the style sheet, with which it goes', () => {
    life = 'visible';
    const { host } = createBench();
    showWithoutSheet(host);
    expect(host.hasAttribute('style')).toBe(false);
  });
});
