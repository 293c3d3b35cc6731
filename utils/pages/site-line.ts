import type { SiteStatus } from '../sites/site-status';
import { createElement } from '../ui/create-element';
import type { Translate } from '../ui/words';

/** Makes the sentence that says whether the panel shows on the page in front of the person. */
export function createSiteLine(document: Document, t: Translate, { host, shown }: SiteStatus): HTMLElement {
  if (host === null) return createElement(document, 'p', 'site', t('popup.cannot_show'));
  const name = createElement(document, 'bdi', 'host', host);
  const line = createElement(document, 'p', 'site', name, ' ', t(shown ? 'popup.shown' : 'popup.not_shown'));
  line.dataset['shown'] = String(shown);
  return line;
}
