/** Finds the installed browsers, for set-up and browser tests alike. Runs on Node 18 with nothing installed. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/**
 * What each browser is called, the package that apt installs it from, and where it may be: a variable that settles it,
 * names on the PATH, then where installers put it. The variables are not called FIREFOX and CHROME: Vitest under WXT sets
 * those for `import.meta.env`.
 */
export const BROWSERS = {
  chromium: {
    title: 'Chromium',
    apt: 'chromium',
    variable: 'TIDINGS_CHROMIUM',
    names: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'microsoft-edge-stable'],
    mac: ['Chromium.app/Contents/MacOS/Chromium', 'Google Chrome.app/Contents/MacOS/Google Chrome'],
  },
  firefox: {
    title: 'Firefox 140 or newer',
    apt: 'firefox-esr',
    variable: 'TIDINGS_FIREFOX',
    names: ['firefox-esr', 'firefox'],
    mac: ['Firefox.app/Contents/MacOS/firefox'],
  },
};

function candidates({ names, mac }) {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  const onPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return process.platform === 'darwin' ? [...onPath, ...mac.map((place) => join('/Applications', place))] : onPath;
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Ubuntu puts a script on the PATH that only says how to install the snap: asking for the version tells it from a browser. */
function starts(path) {
  const answer = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 20_000 });
  return answer.status === 0 && /\d+\.\d+/.test(answer.stdout);
}

/**
 * The path of an installed browser, or `null`. Where `TIDINGS_CHROMIUM` or `TIDINGS_FIREFOX` is set, it alone counts.
 *
 * @param {'chromium' | 'firefox'} browser
 * @returns {string | null}
 */
export function findBrowser(browser) {
  const chosen = process.env[BROWSERS[browser].variable];
  if (chosen) return isProgram(chosen) ? chosen : null;
  return candidates(BROWSERS[browser]).find((path) => isProgram(path) && starts(path)) ?? null;
}

/**
 * Why {@link findBrowser} gave `null`, or what to do about it, as one sentence without a full stop.
 *
 * @param {'chromium' | 'firefox'} browser
 * @returns {string}
 */
export function explainMissing(browser) {
  const { title, apt, variable } = BROWSERS[browser];
  const chosen = process.env[variable];
  return chosen
    ? `Cannot start ${title}: ${variable} is "${chosen}", which is not a program`
    : `Cannot find ${title}: install it (on Debian "apt-get install ${apt}"), or set ${variable} to its path`;
}
