import { describe, expect, it } from 'vitest';
import { createElement, createSvg, type SetText, setText, setVeiledText } from '../../../utils/ui/create-element';
import { createDom } from '../../fakes/dom';

const { document } = createDom();

describe('createElement', () => {
  it('makes an element with its class and children in order', () => {
    const child = createElement(document, 'b', '');
    const element = createElement(document, 'p', 'one two', 'before', child, 'after');
    expect(element.tagName).toBe('P');
    expect([...element.classList]).toEqual(['one', 'two']);
    expect([...element.childNodes].map((node) => node.nodeName)).toEqual(['#text', 'B', '#text']);
    expect(element.textContent).toBe('beforeafter');
  });

  it('takes a string for text, whatever it looks like', () => {
    const element = createElement(document, 'p', '', '<img src=x onerror=alert(1)>');
    expect(element.children).toHaveLength(0);
    expect(element.textContent).toBe('<img src=x onerror=alert(1)>');
  });
});

describe('createSvg', () => {
  it('makes an element of SVG with attributes and children', () => {
    const child = createSvg(document, 'path', { d: 'M0 0' });
    const element = createSvg(document, 'svg', { class: 'icon', viewBox: '0 0 16 16' }, child);
    expect(element.namespaceURI).toBe('http://www.w3.org/2000/svg');
    expect(element.getAttribute('class')).toBe('icon');
    expect(element.getAttribute('viewBox')).toBe('0 0 16 16');
    expect(element.firstChild).toBe(child);
    expect(child.getAttribute('d')).toBe('M0 0');
  });
});

const READERS: [name: string, set: SetText, read: (element: HTMLElement) => string | undefined][] = [
  ['setText', setText, ({ textContent }) => textContent ?? undefined],
  ['setVeiledText', setVeiledText, ({ dataset }) => dataset['text']],
];

describe.each(READERS)('%s', (_, set, read) => {
  it('shows a text, and hides the element while there is none', () => {
    const element = createElement(document, 'p', '');
    set(element, 'one');
    expect([read(element), element.hidden]).toEqual(['one', false]);
    set(element, '');
    expect([read(element), element.hidden]).toEqual(['', true]);
    set(element, 'two');
    expect([read(element), element.hidden]).toEqual(['two', false]);
  });

  it('hides an element that never had a text', () => {
    const element = createElement(document, 'p', '');
    set(element, '');
    expect(element.hidden).toBe(true);
  });

  it('makes no markup of a text', () => {
    const element = createElement(document, 'p', '');
    set(element, '<b>"&</b>');
    expect(read(element)).toBe('<b>"&</b>');
    expect(element.children).toHaveLength(0);
  });
});

describe('a title', () => {
  it.each([
    ['setText', setText, 'long'],
    ['setVeiledText', setVeiledText, ''],
  ] as const)('is set by %s as far as nobody else reads it', (_, set, title) => {
    const [cut, whole] = [createElement(document, 'p', ''), createElement(document, 'p', '')];
    cut.dir = 'auto';
    set(cut, 'long');
    set(whole, 'long');
    expect([cut.title, whole.title]).toEqual([title, '']);
  });
});

it('setText leaves a text node alone that says the same', () => {
  const element = createElement(document, 'p', '');
  setText(element, 'same');
  const node = element.firstChild;
  setText(element, 'same');
  expect(element.firstChild).toBe(node);
});

it('setVeiledText puts no text node into the page', () => {
  const element = createElement(document, 'p', '');
  setVeiledText(element, 'secret');
  expect(element.childNodes).toHaveLength(0);
});
