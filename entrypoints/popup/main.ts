import { i18n } from '#i18n'; document.body.textContent = i18n.t('extension.name');
