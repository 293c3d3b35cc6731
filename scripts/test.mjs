/** `npm test`: sets up, then goes on in test.ts. */
import { fail, setUpAndRun } from './setup.mjs';
import { parseArgs } from 'node:util';

const HELP = `npm test [-- options]

Sets up, then runs every check. The last line is the totals of all of them.

  --only <steps>   just these steps, with commas between them, and what they need
  --help           this text

Steps: types, lint, format, unit, builds, manifests, web-ext, sizes, knip, browser, faults`;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (error) {
    return fail(
      `Cannot test: ${error.message.split('. ')[0].replace(/\.$/, '')}; npm test -- --help lists the options`,
    );
  }
}

const { only: lists, help } = readOptions();
const only = lists.flatMap((list) => list.split(','));
if (help) console.log(HELP);
else {
  const needsBrowsers = only.length === 0 || only.includes('browser') || only.includes('faults');
  await setUpAndRun({ browsers: needsBrowsers ? ['chromium', 'firefox'] : [], script: 'test.ts', args: only });
}
