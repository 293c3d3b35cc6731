import { openBrowserWorld } from './browser-world.ts';
import { runRules } from './run-rules.ts';

runRules('firefox', (options) => openBrowserWorld('firefox', options));
