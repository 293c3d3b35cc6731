/* What a page can do in the panel's own root, if it comes to it. Each gets the root; a person uses the panel after it. */

/** Words of {@link WORDS} that the page finds nowhere in its own tree. */
const SECRET_WORDS = WORDS.slice(0, 5);

/** The elements of the root that have a shadow root of their own, for all that the page can tell. */
window.hostsIn = (root) =>
  [...root.querySelectorAll('*')].filter((element) => {
    if (element.localName === 'button') return false;
    try {
      element.attachShadow({ mode: 'open' }).innerHTML = '<slot></slot>';
      return false;
    } catch (error) {
      return error.name === 'NotSupportedError' && /^(div|span|p|section|header)$/.test(element.localName);
    }
  });

/** Prepares an attempt: the elements that it is about are the same before and after it. */
window.enter = async (name) => {
  const [root] = window.taken;
  window.hosts = hostsIn(root);
  await window.inside[name](root);
};

/** Where the hosts of other roots are on the screen. */
window.places = () =>
  window.hosts
    .map((host) => host.getBoundingClientRect())
    .map(({ left, top, right, bottom }) => ({ x: Math.max(0, left), y: Math.max(0, top), right, bottom }))
    .map(({ x, y, right, bottom }) => ({
      x,
      y,
      width: Math.min(innerWidth, right) - x,
      height: Math.min(innerHeight, bottom) - y,
    }))
    .filter(({ width, height }) => width > 40 && height > 20);

/** All that a page can measure in the root, under styles of its own. */
window.measure = (css) => {
  const [root] = window.taken;
  root.querySelector('#measure')?.remove();
  const style = document.createElement('style');
  style.id = 'measure';
  style.textContent = css;
  root.append(style);
  return [...root.querySelectorAll('*')].map((element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    const { clientWidth, clientHeight, scrollWidth, scrollHeight } = element;
    return [element.className, x, y, width, height, clientWidth, clientHeight, scrollWidth, scrollHeight].join();
  });
};

const EVERYTHING = `* {
  pointer-events: auto !important;
  user-select: text !important;
  visibility: visible !important;
  transition: pointer-events 1ms allow-discrete, user-select 1ms allow-discrete !important;
}

section, div {
  min-width: 300px !important;
}`;

function restyle(root) {
  for (const style of root.querySelectorAll('style')) style.remove();
  root.adoptedStyleSheets = [];
  const style = document.createElement('style');
  style.textContent = EVERYTHING;
  root.append(style);
  root.host.style.cssText = 'all: initial !important; position: fixed !important; inset: 0 !important; z-index: 9';
}

/** Whatever is under the points where something could be seen, by every way to ask. */
function probe(...scopes) {
  const shadowRoots = [...window.taken];
  for (const { x: left, y: top, width, height } of window.places()) {
    for (let x = left + 2; x < left + width; x += 11) {
      for (let y = top + 2; y < top + height; y += 9) {
        for (const scope of scopes) {
          for (const element of scope.elementsFromPoint(x, y)) examine('elementsFromPoint', element);
          examine('caretPositionFromPoint', scope.caretPositionFromPoint?.(x, y)?.offsetNode);
          examine('caretPositionFromPoint', scope.caretPositionFromPoint?.(x, y, { shadowRoots })?.offsetNode);
          examine('caretRangeFromPoint', scope.caretRangeFromPoint?.(x, y)?.startContainer);
        }
      }
    }
  }
}

function takeSelection() {
  const shadowRoots = [...window.taken];
  for (const selection of [getSelection(), ...shadowRoots.map((root) => root.getSelection?.())]) {
    if (!selection) continue;
    hear('selection', selection.toString());
    for (const key of ['anchorNode', 'focusNode', 'baseNode', 'extentNode']) examine('selection', selection[key]);
    const ranges = [];
    try {
      ranges.push(selection.getRangeAt(0));
      ranges.push(...(selection.getComposedRanges?.({ shadowRoots }) ?? []));
    } catch {
      // There is none.
    }
    for (const range of ranges) {
      for (const key of ['startContainer', 'endContainer', 'commonAncestorContainer']) examine('range', range[key]);
      try {
        hear('range', range.cloneContents?.().textContent);
      } catch {
        // [firefox] Not of a range over the edge of a root.
      }
    }
  }
}

function selectAround() {
  for (const host of window.hosts) {
    const [before, after] = ['before', 'after'].map((text) => host.ownerDocument.createTextNode(text));
    host.before(before);
    host.after(after);
    const selection = host.ownerDocument.getSelection();
    for (const unit of ['character', 'word', 'line', 'lineboundary', 'paragraph', 'documentboundary']) {
      for (const [start, direction] of [
        [before, 'forward'],
        [after, 'backward'],
      ]) {
        for (const alter of ['move', 'extend']) {
          selection.collapse(start, 1);
          for (let step = 0; step < 8; step += 1) {
            try {
              selection.modify(alter, direction, unit);
            } catch {
              // [firefox] A unit that it does not know.
            }
            takeSelection();
          }
        }
      }
    }
    selection.setBaseAndExtent(before, 0, after, 1);
    takeSelection();
    selection.selectAllChildren(host);
    takeSelection();
    selection.removeAllRanges();
    before.remove();
    after.remove();
  }
}

window.inside = {
  'looking around': (root) => {
    for (const animation of [...document.getAnimations(), ...root.getAnimations()]) {
      examine('animation', animation.effect.target);
    }
    for (const element of root.querySelectorAll('*')) {
      for (const copy of [element.cloneNode(true), document.importNode(element, true)]) {
        hear('copy', copy.outerHTML);
        examine('copy', copy.shadowRoot);
      }
      for (const animation of element.getAnimations({ subtree: true })) examine('animation', animation.effect.target);
      hear('html', element.getHTML?.({ serializableShadowRoots: true, shadowRoots: [root] }));
      walk('element', element, 0);
    }
    probe(root, document);
    selectAround();
    for (const word of SECRET_WORDS) {
      getSelection().removeAllRanges();
      if (window.find(word, false, false, true, false, true)) hear('find', word);
      takeSelection();
    }
  },

  'styles of its own': (root) => {
    restyle(root);
    for (const element of root.querySelectorAll('*')) {
      element.setAttribute('draggable', 'true');
      element.style?.setProperty('pointer-events', 'auto', 'important');
      element.style?.setProperty('user-select', 'text', 'important');
      element.animate({ pointerEvents: ['auto', 'auto'] }, { duration: 1e6 });
    }
    probe(root, document);
  },

  'making it editable': (root) => {
    restyle(root);
    document.designMode = 'on';
    for (const element of root.querySelectorAll('*')) {
      element.setAttribute('contenteditable', 'true');
      element.setAttribute('tabindex', '0');
      element.style?.setProperty('-moz-user-modify', 'read-write', 'important');
    }
    probe(root, document);
    document.execCommand('selectAll');
    takeSelection();
    document.execCommand('copy');
  },

  'taking what is in it': (root) => {
    // In front of everything, where the person points next.
    for (const host of window.hosts) document.documentElement.append(host);
    const style = document.createElement('style');
    style.textContent =
      ':root > :not(head, body, [data-tidings-panel]) { position: relative; z-index: 9 } body { height: 40px }';
    document.head.append(style);
    probe(root, document);
    selectAround();
  },

  'taking what is in it to a document that refuses styles': (root) => {
    const frame = document.createElement('iframe');
    frame.style.cssText =
      'position: fixed; inset: 0; width: 100%; height: 100%; background: white; z-index: 2147483647';
    frame.srcdoc = `<!doctype html><meta http-equiv="Content-Security-Policy" content="style-src 'none'"><p>`;
    return new Promise((resolve) => {
      frame.addEventListener('load', () => {
        const { contentDocument: inner, contentWindow } = frame;
        listen(contentWindow, 'frame');
        for (const host of window.hosts) inner.documentElement.append(host);
        root.host.remove();
        selectAround();
        probe(inner);
        resolve();
      });
      document.documentElement.append(frame);
    });
  },
};
