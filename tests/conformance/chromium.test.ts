import { openBrowserWorld } from './browser-world.ts';
import { runRules } from './run-rules.ts';

runRules('chromium', (options) => openBrowserWorld('chromium', options));
