import { spawn } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram } from './find-program.ts';
import { createFirefoxExtension, lookAtOldestWindow } from './firefox-extension.ts';
import { createFirefoxPage } from './firefox-page.ts';
import { createFirefoxScripts } from './firefox-scripts.ts';
import { createProfile, guard } from './guard.ts';
import { connectMarionette } from './marionette.ts';
import type { LaunchOptions, TestBrowser, TestPage } from './test-browser.ts';
import { waitFor } from './wait-for.ts';

const PREFS: NonNullable<LaunchOptions['prefs']> = {
  // 0: a free port, told in the profile's file MarionetteActivePort.
  'marionette.port': 0,
  'browser.startup.page': 0,
  'browser.shell.checkDefaultBrowser': false,
  'browser.sessionstore.resume_from_crash': false,
  'browser.tabs.warnOnClose': false,
  'browser.aboutwelcome.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.reportingpolicy.firstRun': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'app.update.disabledForTesting': true,
  'app.normandy.enabled': false,
  'extensions.update.enabled': false,
  // An extension installed for a session keeps its storage and origin in the next, as one installed for good does.
  'extensions.webextensions.keepStorageOnUninstall': true,
  'extensions.webextensions.keepUuidOnUninstall': true,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  // Marionette's own presets switch these off, and they are under test here.
  // Pages keep what they say on their console to themselves; on stdout it can be read.
  'devtools.console.stdout.content': true,
  'devtools.console.stdout.chrome': false,
  'browser.dom.window.dump.enabled': true,
  'browser.sessionhistory.max_total_viewers': -1,
};

const SCHEMES = { dark: 0, light: 1 } as const;

/** {@link launchBrowser} for Firefox. */
export async function launchFirefox(options: LaunchOptions, usedProfile?: string): Promise<TestBrowser> {
  const { extensionDir, prefs = {}, args = [], headless = true } = options;
  const program = findProgram('firefox');
  const profile = usedProfile ?? (await createProfile('firefox'));
  // The last browser's port.
  await rm(join(profile, 'MarionetteActivePort'), { force: true });
  const lines = Object.entries({ ...PREFS, ...prefs }).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
  );
  await writeFile(join(profile, 'user.js'), lines.join('\n'));
  const child = spawn(
    program,
    [
      ...(headless ? ['-headless'] : []),
      '-marionette',
      '-remote-allow-system-access',
      '-no-remote',
      '-profile',
      profile,
      ...args,
    ],
    { detached: true, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  child.unref();
  const said: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  if ('unref' in child.stdout && typeof child.stdout.unref === 'function') child.stdout.unref();
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('Cannot start Firefox: it has no process');
  const endProcess = guard(pid, profile);
  try {
    const port = await waitFor(
      'port of Firefox',
      async () => Number(await readFile(join(profile, 'MarionetteActivePort'), 'utf8')),
      { limitMs: 60_000 },
    );
    const marionette = await connectMarionette(port);
    const session = (await marionette.send('WebDriver:NewSession', {
      // An alert would answer itself by vanishing; leave it, so that a test can see it.
      capabilities: { alwaysMatch: { unhandledPromptBehavior: 'ignore' } },
    })) as { capabilities: { browserVersion: string } };
    await marionette.send('WebDriver:SetTimeouts', { script: 60_000, pageLoad: 60_000 });
    const scripts = createFirefoxScripts(marionette);

    const adopt = (handle: string): TestPage => createFirefoxPage(marionette, scripts, handle);
    const openIn = async (
      place: { type: 'tab' } | { type: 'window'; private: true },
      url: string,
    ): Promise<TestPage> => {
      const { handle } = await marionette.exclusively(async () => {
        // A tab opens in the window looked at last, which may be private, or gone.
        await lookAtOldestWindow(marionette);
        return marionette.send('WebDriver:NewWindow', { ...place, focus: true }) as Promise<{ handle: string }>;
      });
      const page = adopt(handle);
      await page.bringToFront();
      await page.navigate(url);
      return page;
    };
    const open = (url: string): Promise<TestPage> => openIn({ type: 'tab' }, url);
    const openPrivate = (url: string): Promise<TestPage> => openIn({ type: 'window', private: true }, url);

    const extension = await createFirefoxExtension({ marionette, scripts, extensionDir, open, openPrivate });
    return {
      name: 'firefox',
      version: session.capabilities.browserVersion,
      pid,
      extension,
      open,
      async setColourScheme(scheme) {
        await scripts.inChrome((value) => {
          Services.prefs.setIntPref('layout.css.prefers-color-scheme.content-override', value);
        }, SCHEMES[scheme]);
        // The preference travels to the pages' processes on its own.
        const handles = (await marionette.send('WebDriver:GetWindowHandles')) as string[];
        const query = `matchMedia('(prefers-color-scheme: ${scheme})').matches`;
        await Promise.all(
          handles.map((handle) => waitFor(`${scheme} page`, () => scripts.inPage(handle, query).catch(() => true))),
        );
      },
      // RSLoader is the new tab's: it misses the settings server that a test must not reach.
      errors: async () => [
        ...(await scripts.inChrome(readErrors)),
        ...Array.from(said.join('').matchAll(/^console\.error: (?!RSLoader)(.*)$/gm), ([, text]) => text ?? ''),
      ],
      async find(url) {
        const handle = await waitFor(`tab with ${url}`, async () => {
          const handles = (await marionette.send('WebDriver:GetWindowHandles')) as string[];
          for (const one of handles) if ((await adopt(one).url()) === url) return one;
          throw new Error(handles.join());
        });
        return adopt(handle);
      },
      openUnattached: () => Promise.reject(new Error('Cannot open a tab unattached in Firefox: its driver sees all')),
      async restart() {
        const exited = new Promise((resolve) => {
          child.once('exit', resolve);
        });
        await marionette.send('Marionette:Quit', { flags: ['eAttemptQuit'] });
        await exited;
        marionette.end();
        await endProcess({ keepProfile: true });
        return launchFirefox(options, profile);
      },
      async close() {
        marionette.end();
        await endProcess();
      },
    };
  } catch (error) {
    await endProcess();
    throw error;
  }
}

interface ScriptError {
  flags: number;
  sourceName: string;
  lineNumber: number;
  columnNumber: number;
  errorMessage: string;
}

/** Runs in the browser: errors that pages and extensions caused, without the browser's own; uncaught ones. */
function readErrors(): string[] {
  const isOurs = (source: string): boolean => /^(https?|moz-extension|file):/.test(source);
  return (
    Services.console
      .getMessageArray()
      // As the browser's code does it: here `instanceof` asks for the interface.
      .filter((message: unknown) => message instanceof Ci.nsIScriptError)
      .filter((error: ScriptError) => !(error.flags & Ci.nsIScriptError.warningFlag) && isOurs(error.sourceName))
      .map(
        (error: ScriptError) => `${error.errorMessage} (${error.sourceName}:${error.lineNumber}:${error.columnNumber})`,
      )
  );
}
