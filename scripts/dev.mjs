/** `npm run dev`: sets up, then goes on in dev.ts. */
import { fail, setUpAndRun } from './setup.mjs';

const [browser = 'chromium', ...rest] = process.argv.slice(2);
if (rest.length > 0 || (browser !== 'chromium' && browser !== 'firefox')) {
  fail(
    'Cannot start the development server: npm run dev opens Chromium, npm run dev:firefox opens Firefox, and neither takes options',
  );
}
await setUpAndRun({ browsers: [browser], script: 'dev.ts', args: [browser] });
