import { expect, test } from 'vitest';
import { isHtmlDocument } from '../../../utils/ui/is-html-document';
import { createDom } from '../../fakes/dom';

const HTML = 'http://www.w3.org/1999/xhtml';

test('a document of HTML takes a panel', () => {
  expect(isHtmlDocument(createDom().document)).toBe(true);
});

test.each([
  ['XHTML', 'html', HTML, true],
  ['SVG', 'svg', null, false],
  ['SVG that says it is XHTML', 'svg', HTML, false],
  ['XML with a root named html', 'html', null, false],
  ['XML without a root', undefined, null, false],
])('a document of %s', (_, localName, namespaceURI, expected) => {
  const { document } = createDom();
  Object.defineProperty(document, 'documentElement', { value: localName ? { localName } : null });
  Object.defineProperty(document, 'createElement', { value: () => ({ namespaceURI }) });
  expect(isHtmlDocument(document)).toBe(expected);
});
