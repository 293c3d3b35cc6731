/** The second half of `npm run dev`: WXT's development server with hot reload, the demo sources, and a browser on their page. */
import { createServer } from 'wxt';
import { sandboxArgs } from '../tests/browser/driver/sandbox-args.ts';
import { startDemoSources } from './demo-port.ts';
import { findBrowser } from './find-browser.mjs';
import { stopSignal } from './stop-signal.ts';

const signal = stopSignal();
const name = process.argv[2] === 'firefox' ? 'firefox' : 'chromium';
const program = findBrowser(name);
const demo = await startDemoSources();
if (demo === null || program === null) process.exit(1);

const hasDisplay = process.platform !== 'linux' || process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY'];
const browser = name === 'firefox' ? 'firefox' : 'chrome';
const server = await createServer({
  browser,
  webExt: {
    binaries: { [browser]: program },
    startUrls: [`${demo.url}/`],
    chromiumArgs: [...(hasDisplay ? [] : ['--headless=new']), ...(name === 'chromium' ? sandboxArgs() : [])],
    firefoxArgs: hasDisplay ? [] : ['--headless'],
  },
});
const end = (): void => {
  void Promise.all([server.stop(), demo.close()]).finally(() => process.exit());
};
// Asked to end before there was anything to end, while the server starts, or later.
if (signal.aborted) end();
else {
  signal.addEventListener('abort', end);
  await server.start();
  if (signal.aborted) end();
}
