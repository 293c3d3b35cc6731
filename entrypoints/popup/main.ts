import { createSiteLine } from '../../utils/pages/site-line';
import { startPage } from '../../utils/pages/start-page';
import { DEFAULTS } from '../../utils/settings/defaults';
import { createSettingsStore } from '../../utils/settings/settings-store';
import { siteStatus } from '../../utils/sites/site-status';

const { t } = startPage(window);
const settings = createSettingsStore(DEFAULTS);

void siteStatus(settings).then((status) => {
  document.querySelector('.head')?.append(createSiteLine(document, t, status));
});
