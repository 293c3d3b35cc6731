/* What a page can do about a panel on it. Each gives all that it found out. */

const panelHost = () => document.querySelector('[data-tidings-panel]');

/** The words that the page looks for: it knows them, and must not learn that they are there. */
const WORDS = ['zanzibar', 'Xanadu', 'furlong', '7351', '7,351', 'live', 'Tidings', 'now', 'line'];

/** Where the panel is, as far as a page can see: the points that hit the host. */
window.outline = () => {
  const host = panelHost();
  const rows = new Set();
  for (let y = 0; y < innerHeight; y += 8) {
    const hits = [];
    for (let x = 0; x < innerWidth; x += 8) if (document.elementFromPoint(x, y) === host) hits.push(x);
    rows.add(`${hits[0]} to ${hits.at(-1)} at ${hits.length > 0 ? y : ''}`);
  }
  const { width, height } = host.getBoundingClientRect();
  return [...rows, width, height, host.scrollWidth, host.scrollHeight, document.documentElement.scrollHeight];
};

window.attempts = {
  'the shadow root': () => {
    const host = panelHost();
    let again;
    try {
      again = host.attachShadow({ mode: 'open' }).innerHTML;
    } catch (error) {
      again = error.name;
    }
    return [
      host.shadowRoot,
      host.openOrClosedShadowRoot,
      again,
      host.getHTML?.({ serializableShadowRoots: true }),
      host.cloneNode(true).shadowRoot,
      document.importNode(host, true).shadowRoot,
    ];
  },

  'the markup': () => {
    const host = panelHost();
    const walker = document.createTreeWalker(document, NodeFilter.SHOW_ALL);
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode.nodeValue);
    return [
      host.outerHTML,
      host.innerText,
      host.textContent,
      document.body.innerText,
      new XMLSerializer().serializeToString(host),
      document.evaluate('count(//*[@data-text])', document, null, XPathResult.NUMBER_TYPE).numberValue,
      texts.filter((text) => text !== null && !text.includes('hostile')),
    ];
  },

  'window.find': () => {
    const found = [];
    for (const word of WORDS) {
      getSelection().removeAllRanges();
      if (!window.find(word, false, false, true, false, true)) continue;
      const node = getSelection().anchorNode;
      // Its own words it may find.
      if (node === null || node.getRootNode() !== document) found.push(word);
      examine('find', node);
    }
    getSelection().removeAllRanges();
    return found;
  },

  'a selection of everything': () => {
    const texts = [];
    const take = () => {
      const selection = getSelection();
      texts.push(selection.toString());
      for (const node of [selection.anchorNode, selection.focusNode]) examine('selection', node);
      for (let index = 0; index < selection.rangeCount; index += 1) {
        const range = selection.getRangeAt(index);
        examine('range', range.commonAncestorContainer);
        texts.push(range.cloneContents().textContent);
      }
    };
    getSelection().selectAllChildren(document.documentElement);
    take();
    document.designMode = 'on';
    document.execCommand('selectAll');
    take();
    document.execCommand('copy');
    document.designMode = 'off';
    const selection = getSelection();
    for (const unit of ['character', 'word', 'line', 'lineboundary', 'documentboundary']) {
      selection.collapse(document.body, document.body.childNodes.length);
      for (let step = 0; step < 30; step += 1) selection.modify('extend', 'forward', unit);
      take();
    }
    selection.removeAllRanges();
    // What the page says of itself is no news.
    return texts.map((text) => text.replaceAll(document.body.innerText, ''));
  },

  'the points of the screen': () => {
    for (let x = 0; x < innerWidth; x += 6) {
      for (let y = 0; y < innerHeight; y += 6) {
        for (const element of document.elementsFromPoint(x, y)) examine('elementsFromPoint', element);
        examine('caretPositionFromPoint', document.caretPositionFromPoint?.(x, y)?.offsetNode);
        examine('caretRangeFromPoint', document.caretRangeFromPoint?.(x, y)?.startContainer);
      }
    }
    return window.foreign;
  },

  'computed styles': () =>
    [null, '::before', '::after', '::first-line', '::part(value)', '::slotted(*)'].map((pseudo) => {
      const style = getComputedStyle(panelHost(), pseudo);
      return [...style].map((name) => `${name}: ${style.getPropertyValue(name)}`).join(';');
    }),

  'style sheets': () =>
    [...document.styleSheets, ...document.adoptedStyleSheets].flatMap((sheet) => {
      try {
        return sheet.href === null ? [...sheet.cssRules].map(({ cssText }) => cssText) : [];
      } catch (error) {
        return error.name;
      }
    }),

  'ranges and rectangles': () => {
    const range = new Range();
    range.selectNodeContents(panelHost());
    return [[...range.getClientRects()], [...panelHost().getClientRects()].length, range.toString()];
  },

  'accessibility attributes': () => {
    const host = panelHost();
    const read = ['role', 'title', 'computedName', 'computedRole'].map((name) => host[name]);
    for (const name in host) if (name.startsWith('aria')) read.push(host[name]);
    return [...host.attributes].map(({ name, value }) => `${name}=${value}`).concat(read.map(String));
  },

  animations: () => [document.getAnimations().length, panelHost().getAnimations({ subtree: true }).length],

  'what it overheard': async () => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    return [window.heard.filter((text) => !text.includes('A hostile page')), window.foreign];
  },

  'names of the extension': async () => {
    const found = [];
    const api = window.chrome?.runtime ?? window.browser?.runtime;
    for (const name of ['updates', 'conversation']) {
      try {
        api.connect('tidings@tidings.example', { name });
        found.push(name);
      } catch {
        // No such thing in a page.
      }
      const channel = new BroadcastChannel(name);
      channel.addEventListener('message', ({ data }) => found.push(data));
      channel.postMessage({ type: 'START_UPDATES', protocol: 2, streamId: 's', everyMs: 16, resume: {} });
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    const databases = (await indexedDB.databases?.()) ?? [];
    return [
      found,
      databases.map(({ name }) => name),
      await caches.keys(),
      Object.keys(localStorage),
      Object.keys(sessionStorage),
      document.cookie,
      window.name,
      Object.getOwnPropertyNames(window).filter((name) => /tidings/i.test(name)),
      performance.getEntriesByType('resource').filter(({ name }) => !name.startsWith(location.origin)),
    ];
  },
};

/** A page that makes up what the browser says. */
window.forgeries = {
  'events of the page lifecycle': () => {
    window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
    document.dispatchEvent(new Event('freeze'));
    Object.defineProperty(document, 'visibilityState', { get: () => 'hidden', configurable: true });
    Object.defineProperty(document, 'hidden', { get: () => true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
    document.dispatchEvent(new Event('prerenderingchange'));
    document.dispatchEvent(new Event('fullscreenchange'));
    window.dispatchEvent(new Event('unload'));
    window.dispatchEvent(new Event('beforeunload'));
  },
  'messages of the protocol': () => {
    const messages = [
      { type: 'STOP_UPDATES' },
      { type: 'CLOSE', reason: 'not-allowed', retry: false, afterMs: 0 },
      { type: 'PAUSE', reason: 'hidden' },
      { type: 'UPDATES', batch: 1, feeds: [] },
    ];
    for (const message of messages) {
      window.postMessage(message, '*');
      for (const name of ['updates', 'message', 'tidings-applied', message.type]) {
        document.dispatchEvent(new CustomEvent(name, { detail: message }));
        panelHost().dispatchEvent(new CustomEvent(name, { detail: message, bubbles: true }));
        window.dispatchEvent(new MessageEvent(name, { data: message }));
      }
    }
  },
  'the names under which scripts start': () => {
    // All but the true one, whose forging ends the script.
    const details = [
      null,
      7,
      'updates',
      { contentScriptName: 'other' },
      {
        get contentScriptName() {
          throw new Error('x');
        },
      },
    ];
    for (const name of [
      'wxt:content-script-started',
      ':wxt:content-script-started',
      'undefined:updates:wxt:content-script-started',
    ]) {
      for (const detail of details) document.dispatchEvent(new CustomEvent(name, { detail }));
      window.postMessage({ type: name, contentScriptName: 'updates', messageId: 'x' }, '*');
    }
  },
  'clicks and keys on the host': () => {
    const host = panelHost();
    for (const type of ['pointerdown', 'pointerup', 'mousedown', 'mouseup', 'click', 'dblclick', 'keydown', 'focus']) {
      for (const make of [PointerEvent, KeyboardEvent, Event]) {
        host.dispatchEvent(
          new make(type, { bubbles: true, composed: true, key: 'Escape', clientX: 1_250, clientY: 700 }),
        );
      }
    }
    host.click();
    host.focus();
    return document.activeElement === host;
  },
  'the tick of the clock': () => {
    window.setTimeout = () => 0;
    window.setInterval = () => 0;
    window.requestAnimationFrame = () => 0;
    Date.now = () => 0;
    performance.now = () => 0;
    Math.random = () => 0.5;
    crypto.getRandomValues = (array) => array;
  },
};

/** Everywhere a careless extension might look for an address to connect to. */
window.lure = (address) => {
  const feed = { id: 'lure', name: 'Lure', source: { type: 'poll', address }, path: '$', kind: 'state', paceMs: 1_000 };
  const settings = { version: 1, feeds: [feed], sites: [] };
  localStorage.setItem('settings', JSON.stringify(settings));
  sessionStorage.setItem('settings', JSON.stringify(settings));
  window.name = JSON.stringify(settings);
  history.replaceState(settings, '', `?address=${encodeURIComponent(address)}#${address}`);
  for (const [name, value] of Object.entries({
    'data-tidings-panel': address,
    src: address,
    'data-feed': JSON.stringify(feed),
  })) {
    panelHost().setAttribute(name, value);
  }
  document.head.insertAdjacentHTML('beforeend', `<base href="${address}/"><meta name="tidings" content="${address}">`);
  document.body.insertAdjacentHTML(
    'beforeend',
    `<pre>{"tidings":"${address}"}</pre><div data-tidings-feed="${address}"></div>`,
  );
  panelHost().insertAdjacentHTML('beforeend', `<slot></slot><span class="feed" data-text="${address}"></span>`);
  for (const type of ['tidings', 'settings', 'configure', 'wxt:locationchange']) {
    document.dispatchEvent(new CustomEvent(type, { detail: settings }));
    window.postMessage({ type, settings, feeds: [feed], address }, '*');
  }
};

/** Reads what performance entries said of boxes since the last call. */
window.takeShifts = () => window.shifts.splice(0);
