import { startPage } from '../../utils/pages/start-page';

startPage(window);
