import { browser } from 'wxt/browser';
import { createSidePanelButton } from '../../utils/pages/side-panel-button';
import { createSiteLine } from '../../utils/pages/site-line';
import { startPage } from '../../utils/pages/start-page';
import { DEFAULTS } from '../../utils/settings/defaults';
import { createSettingsStore } from '../../utils/settings/settings-store';
import { siteStatus } from '../../utils/sites/site-status';

const { t } = startPage(window);
const head = document.querySelector('.head');

void browser.windows.getCurrent().then(({ id }) => {
  if (id !== undefined) head?.append(createSidePanelButton(document, t, id));
});
void siteStatus(createSettingsStore(DEFAULTS)).then((status) => {
  head?.append(createSiteLine(document, t, status));
});
