import { browser } from 'wxt/browser';
import { createSidePanelButton } from '../../utils/pages/side-panel-button';
import { createSiteLine } from '../../utils/pages/site-line';
import { startPage } from '../../utils/pages/start-page';
import { readSettings } from '../../utils/settings/settings-messages';
import { siteStatus } from '../../utils/sites/site-status';

const { t } = startPage(window);
const head = document.querySelector('.head');

void browser.windows.getCurrent().then(({ id }) => {
  if (id !== undefined) head?.append(createSidePanelButton(document, t, id));
});
void siteStatus(readSettings).then((status) => {
  head?.append(createSiteLine(document, t, status));
});
