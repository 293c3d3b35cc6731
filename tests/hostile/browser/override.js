/* Replaces what a script could be careless enough to take from the page. Needs watch.js. The test's own scripts use these too: read `heard` before them. */

const WATCHED = [
  [
    Element.prototype,
    ['attachShadow', 'append', 'replaceChildren', 'setAttribute', 'insertAdjacentHTML', 'querySelector'],
  ],
  [Node.prototype, ['appendChild', 'insertBefore']],
  [EventTarget.prototype, ['addEventListener', 'dispatchEvent']],
  [Document.prototype, ['createElement', 'createElementNS', 'createTextNode']],
  [CSSStyleSheet.prototype, ['replaceSync', 'insertRule']],
  [Map.prototype, ['set', 'get']],
  [Set.prototype, ['add']],
  [Array.prototype, ['push', 'map', 'join', 'filter']],
  [String.prototype, ['replaceAll', 'slice', 'startsWith']],
  [JSON, ['parse', 'stringify']],
  [Object, ['entries', 'values', 'assign', 'fromEntries']],
  [Promise.prototype, ['then']],
  [Reflect, ['apply', 'get']],
  [Intl.NumberFormat.prototype, ['formatToParts']],
  [window, ['postMessage', 'setTimeout', 'requestAnimationFrame', 'fetch', 'structuredClone']],
];

let inside = false;
for (const [owner, names] of WATCHED) {
  for (const name of names) {
    const original = owner[name];
    owner[name] = function watched(...args) {
      if (!inside) {
        inside = true;
        try {
          for (const value of [this, ...args]) {
            if (typeof value === 'string') hear(name, value);
            else examine(name, value);
          }
        } finally {
          inside = false;
        }
      }
      return original.apply(this, args);
    };
  }
}
for (const [owner, name] of [
  [Node.prototype, 'textContent'],
  [Element.prototype, 'innerHTML'],
  [HTMLElement.prototype, 'dataset'],
  [HTMLElement.prototype, 'title'],
]) {
  const { get, set } = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, {
    configurable: true,
    get() {
      examine(name, this);
      return get.call(this);
    },
    set(value) {
      hear(name, value);
      set?.call(this, value);
    },
  });
}
