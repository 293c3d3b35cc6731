/**
 * `npm start`: reads the options, then sets up and goes on in start.ts. package.json starts it with `exec`, because npm
 * hands a signal to the shell, and the shell keeps it to itself. Noticing that the shell is gone would be late: npm ends
 * with it, and the next run would find port 4100 in use.
 */
import { parseArgs } from 'node:util';
import { fail, setUpAndRun } from './setup.mjs';

const HELP = `npm start [-- options]

Builds the extension, starts the demo sources and opens a browser with both at http://localhost:4100/.
Ctrl-C ends everything.

  --browser <name>   chromium (default) or firefox
  --headless         no window: print the updates and leave a screenshot; the default where there is no display
  --help             this text`;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        browser: { type: 'string', default: 'chromium' },
        headless: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (error) {
    // [node] The rest of the message explains how to write positional arguments; there are none here.
    return fail(
      `Cannot start: ${error.message.split('. ')[0].replace(/\.$/, '')}; npm start -- --help lists the options`,
    );
  }
}

const { browser, headless, help } = readOptions();
if (help) {
  console.log(HELP);
} else if (browser !== 'chromium' && browser !== 'firefox') {
  fail(`Cannot start "${browser}": the browser is chromium or firefox`);
} else {
  const hasDisplay = process.platform !== 'linux' || process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY'];
  const view = headless || !hasDisplay ? 'headless' : 'window';
  await setUpAndRun({ browsers: [browser], script: 'start.ts', args: [browser, view] });
}
