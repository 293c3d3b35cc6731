/** Finds the installed browsers. Runs on Node 18 with nothing installed. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

const ON_MAC = '/Applications';

/** Where each browser may be: a variable that settles it, names on the PATH, then where installers put it. */
const PLACES = {
  chromium: {
    variable: 'CHROMIUM',
    names: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'microsoft-edge-stable'],
    mac: ['Chromium.app/Contents/MacOS/Chromium', 'Google Chrome.app/Contents/MacOS/Google Chrome'],
  },
  firefox: {
    variable: 'FIREFOX',
    names: ['firefox-esr', 'firefox'],
    mac: ['Firefox.app/Contents/MacOS/firefox'],
  },
};

function candidates({ names, mac }) {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  const onPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return process.platform === 'darwin' ? [...onPath, ...mac.map((place) => join(ON_MAC, place))] : onPath;
}

function exists(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
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
 * The path of an installed browser, or `null`. Environment variables `CHROMIUM` and `FIREFOX` go first.
 *
 * @param {'chromium' | 'firefox'} browser
 * @returns {string | null}
 */
export function findBrowser(browser) {
  const places = PLACES[browser];
  const chosen = process.env[places.variable];
  if (chosen) return exists(chosen) ? chosen : null;
  return candidates(places).find((path) => exists(path) && starts(path)) ?? null;
}
