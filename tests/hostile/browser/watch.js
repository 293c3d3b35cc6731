/* Runs before anything else: what the page can hear and intercept from its first moment on. */

/** All that was overheard, as text; the end of it, for a page keeps running. */
window.heard = [];
/** Nodes that the page was handed and that are not in its tree. */
window.foreign = [];
const MAX_HEARD = 2_000;

const hear = (where, what) => {
  if (window.heard.length < MAX_HEARD) window.heard.push(`${where}: ${String(what)}`);
};

/** The texts in and around a node, if it is one that this page should not have. */
function examine(where, value) {
  if (!(value instanceof Node) || value === document) return;
  const root = value.getRootNode();
  if (root === document || !(root instanceof ShadowRoot)) return;
  window.foreign.push(where);
  for (const element of root.querySelectorAll('*')) {
    hear(where, element.textContent);
    for (const { value: text } of element.attributes) hear(where, text);
  }
}

// The first listeners there are, and capturing: nothing can be kept from them.
const EVENTS =
  'pointerover pointerenter pointermove pointerdown pointerup pointerout mouseover mouseenter mousemove mousedown mouseup click dblclick contextmenu wheel focusin focusout focus blur keydown keypress keyup beforeinput input copy cut paste selectstart dragstart dragover drop scroll transitionend animationstart toggle beforetoggle message error unhandledrejection securitypolicyviolation tidings-applied wxt:content-script-started wxt:locationchange'.split(
    ' ',
  );
for (const type of EVENTS) {
  window.addEventListener(
    type,
    (event) => {
      for (const key in event) {
        let value;
        try {
          value = event[key];
        } catch {
          // A getter that this event does not have.
        }
        if (typeof value === 'string') hear(`${type}.${key}`, value);
        else examine(`${type}.${key}`, value);
      }
      for (const one of event.composedPath()) examine(`${type}.composedPath`, one);
      for (const one of event.clipboardData?.items ?? event.dataTransfer?.items ?? [])
        one.getAsString((text) => hear(type, text));
    },
    true,
  );
}

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
