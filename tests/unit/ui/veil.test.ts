import { describe, expect, it } from 'vitest';
import { createElement } from '../../../utils/ui/create-element';
import { createVeiledWriter, veil } from '../../../utils/ui/veil';
import { createDom, findAllInside, shadowRootOf } from '../../fakes/dom';

describe('veil', () => {
  it('has the content in a closed root, out of reach of pointer and selection whatever becomes of the styles', () => {
    const { document } = createDom();
    const [host, content] = [createElement(document, 'div', ''), createElement(document, 'p', '')];
    const root = veil(host, content);
    expect(host.shadowRoot).toBeNull();
    expect(content.getRootNode()).toBe(root);
    expect([content.style.pointerEvents, content.style.userSelect]).toEqual(['none', 'none']);
  });
});

describe('veiled writer', () => {
  function createBench() {
    const { document } = createDom();
    const host = createElement(document, 'div', '');
    document.body.append(host);
    return { host, document, ...createVeiledWriter(document, host) };
  }

  it('has a button outside of the veil, and a slot for it inside', () => {
    const { host, createButton } = createBench();
    const { element, place } = createButton();
    expect(element.parentNode).toBe(host);
    expect((place as HTMLSlotElement).assignedElements()).toEqual([element]);
  });

  it('names a button where the page does not read it', () => {
    const { document, createButton } = createBench();
    const { element, label } = createButton();
    label.ariaLabel = 'live, Queue, details';
    expect(document.documentElement.outerHTML).not.toContain('Queue');
    expect(findAllInside(element, '[aria-label]')).toEqual([label]);
    const [labelHost] = element.children;
    expect(labelHost && label.getRootNode()).toBe(labelHost && shadowRootOf(labelHost));
  });

  it('writes no text node', () => {
    const { document, setText } = createBench();
    const element = createElement(document, 'p', '');
    setText(element, '42');
    expect([element.textContent, element.dataset['text']]).toEqual(['', '42']);
  });
});
