import { createElement, setVeiledText } from './create-element';
import type { RowWriter } from './feed-row';

/**
 * Puts `content` into a closed shadow root of `host` where no event, caret or selection can have a node of it.
 *
 * [firefox] Names the innermost node of an event to the page, however closed its root is: `originalTarget`,
 * `explicitOriginalTarget`, `rangeParent`. From it a page comes to the root that the node is in, and to all in there, but
 * not into a closed root further in. So whatever can be pointed at or have the focus is in the panel's root, and what
 * feeds and sources said is in roots inside of that.
 *
 * Set on the element, not by a sheet: the page may take `host` to a document whose policy refuses our styles.
 */
export function veil(host: HTMLElement, content: HTMLElement): ShadowRoot {
  content.style.cssText = 'pointer-events:none;user-select:none';
  const root = host.attachShadow({ mode: 'closed', slotAssignment: 'manual' });
  root.append(content);
  return root;
}

/** Makes what writes rows for a veil of `host`. Their buttons are children of `host`, in slots: they can be pressed. */
export function createVeiledWriter(document: Document, host: HTMLElement): RowWriter {
  return {
    setText: setVeiledText,
    createButton() {
      const place = document.createElement('slot');
      const label = createElement(document, 'span', '');
      const labelHost = createElement(document, 'span', '');
      const element = createElement(document, 'button', 'more', labelHost);
      label.role = 'img';
      veil(labelHost, label);
      host.append(element);
      place.assign(element);
      return { element, label, place };
    },
  };
}
