/**
 * Whether the panel can be made in a document: HTML, also as XML, text, images and whatever else the browser shows by a
 * page of its own. Other XML, SVG for one, makes elements that have neither styles nor shadow roots.
 */
export const isHtmlDocument = (document: Document): boolean =>
  document.documentElement?.localName === 'html' &&
  document.createElement('p').namespaceURI === 'http://www.w3.org/1999/xhtml';
