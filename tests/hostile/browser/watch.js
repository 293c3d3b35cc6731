/* Runs before anything else: what the page can hear and intercept from its first moment on. */

/** All that was overheard, as text; the end of it, for a page keeps running. */
window.heard = [];
/** Where the page was handed nodes that are not in its tree. */
window.foreign = [];
const MAX_HEARD = 5_000;

const known = new Set();
const hear = (where, what) => {
  const text = `${where}: ${String(what)}`;
  if (known.has(text) || window.heard.length >= MAX_HEARD) return;
  known.add(text);
  window.heard.push(text);
};

/** Shadow roots that the page came to. */
window.taken = new Set();

/** All that is said in a root that the page came to, and in the roots that it comes to from there. */
function readAll(where, root) {
  for (const element of root.querySelectorAll('*')) {
    hear(where, element.localName === 'style' ? '' : element.textContent);
    for (const { value } of element.attributes) hear(where, value);
    for (const pseudo of ['::before', '::after']) hear(where, getComputedStyle(element, pseudo).content);
    for (const name of ['innerText', 'value', 'ariaLabel']) hear(where, element[name]);
    for (const way of ['shadowRoot', 'openOrClosedShadowRoot', 'assignedSlot']) {
      examine(`${where}.${way}`, element[way]);
    }
  }
}

/** What is around a node, if it is one that this page should not have: one of a shadow root. It may be of another window. */
function examine(where, value) {
  if (typeof value?.getRootNode !== 'function') return;
  const root = value.getRootNode();
  if (root.nodeType !== Node.DOCUMENT_FRAGMENT_NODE || !root.host) return;
  window.foreign.push(where);
  if (window.taken.has(root)) return;
  window.taken.add(root);
  listen(root, 'taken');
  readAll(where, root);
}

/** Reads once more what the page came to. */
window.readTaken = () => {
  for (const root of window.taken) readAll('again', root);
};

/** Everything that an object says or leads to, two steps far. */
function walk(where, object, steps = 2) {
  for (const key in object) {
    let value;
    try {
      value = object[key];
    } catch {
      // A getter that this object does not have.
    }
    if (typeof value === 'string') hear(`${where}.${key}`, value);
    else if (typeof value !== 'object' || value === null || value.window === value) continue;
    else if (typeof value.nodeType === 'number') examine(`${where}.${key}`, value);
    else if (steps > 0) walk(`${where}.${key}`, value, steps - 1);
  }
}

/** Every event that has a name here, and some that only a browser knows. */
const EVENTS = new Set([
  ...[window, document, HTMLElement.prototype].flatMap((owner) => {
    const names = [];
    for (const name in owner) if (name.startsWith('on')) names.push(name.slice(2));
    return names;
  }),
  ...'focusin focusout selectionchange compositionstart compositionupdate compositionend touchstart touchmove touchend touchcancel mousewheel DOMMouseScroll MozMousePixelScroll overflow underflow unhandledrejection securitypolicyviolation beforematch tidings-applied wxt:content-script-started wxt:locationchange'.split(
    ' ',
  ),
]);

/** Capturing: nothing can be kept from the listeners of a window that were the first. */
function listen(target, name) {
  for (const type of EVENTS) {
    target.addEventListener(
      type,
      (event) => {
        walk(`${name} ${type}`, event);
        for (const one of event.composedPath()) examine(`${name} ${type}.composedPath`, one);
        for (const range of event.getTargetRanges?.() ?? []) examine(`${name} ${type}.range`, range.startContainer);
        for (const one of event.clipboardData?.items ?? event.dataTransfer?.items ?? [])
          one.getAsString((text) => hear(type, text));
        const selection = getSelection();
        for (const key of ['anchorNode', 'focusNode']) examine(`${name} ${type} selection`, selection[key]);
        hear(`${name} ${type} selection`, selection.toString());
      },
      true,
    );
  }
}
listen(window, 'window');
// A drag or a menu that goes on would be the system's, and the driver's pointer with it [firefox].
for (const type of ['dragstart', 'contextmenu']) window.addEventListener(type, (event) => event.preventDefault(), true);

new MutationObserver((records) => {
  for (const record of records) {
    for (const node of [record.target, ...record.addedNodes, ...record.removedNodes]) {
      examine('mutation', node);
      if (node instanceof Element) hear('mutation', node.outerHTML.slice(0, 500));
    }
    hear('mutation', record.oldValue);
  }
}).observe(document, {
  childList: true,
  subtree: true,
  attributes: true,
  characterData: true,
  attributeOldValue: true,
});

window.shifts = [];
for (const type of PerformanceObserver.supportedEntryTypes) {
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      hear(`performance ${type}`, JSON.stringify(entry));
      examine(`performance ${type}`, entry.element ?? entry.target);
      for (const source of entry.sources ?? []) {
        examine(`performance ${type}`, source.node);
        window.shifts.push(JSON.stringify([source.previousRect, source.currentRect]));
      }
    }
  }).observe({ type, buffered: true });
}
