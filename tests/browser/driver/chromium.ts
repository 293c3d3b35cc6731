import puppeteer, { type CDPSession, type Page } from 'puppeteer-core';
import { createChromiumExtension } from './chromium-extension.ts';
import { createChromiumPage } from './chromium-page.ts';
import { findProgram } from './find-program.ts';
import { createProfile, guard } from './guard.ts';
import { sandboxArgs } from './sandbox-args.ts';
import type { ColourScheme, LaunchOptions, TestBrowser, TestPage } from './test-browser.ts';

// Puppeteer keeps hidden pages as fast as shown ones. What we test is how a person's browser treats them.
const UNLIKE_A_PERSONS = [
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

/** {@link launchBrowser} for Chromium. */
export async function launchChromium(options: LaunchOptions, usedProfile?: string): Promise<TestBrowser> {
  const { extensionDir, args = [], headless = true } = options;
  const executablePath = findProgram('chromium');
  const profile = usedProfile ?? (await createProfile('chromium'));
  const puppet = await puppeteer.launch({
    executablePath,
    headless,
    pipe: true,
    enableExtensions: [extensionDir],
    userDataDir: profile,
    defaultViewport: null,
    ignoreDefaultArgs: UNLIKE_A_PERSONS,
    // The guard ends the browser; whoever launched it owns the signals.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    args: [...sandboxArgs(), '--window-size=1280,800', ...args],
  });
  const pid = puppet.process()?.pid;
  if (pid === undefined) throw new Error('Cannot start Chromium: it has no process');
  const end = guard(pid, profile);
  try {
    const root = await puppet.target().createCDPSession();
    const errors: string[] = [];
    const sessions = new Set<CDPSession>();
    let scheme: ColourScheme | null = null;

    const wrap = async (page: Page): Promise<TestPage> => {
      const session = await page.createCDPSession();
      sessions.add(session);
      page.once('close', () => sessions.delete(session));
      session.on('Runtime.exceptionThrown', ({ exceptionDetails }) => {
        errors.push(exceptionDetails.exception?.description ?? exceptionDetails.text);
      });
      session.on('Runtime.consoleAPICalled', ({ type, args: values }) => {
        if (type === 'error') errors.push(values.map((value) => String(value.value ?? value.description)).join(' '));
      });
      await session.send('Runtime.enable');
      if (scheme) await emulate(session, scheme);
      return createChromiumPage(page, session);
    };

    const open = async (url: string): Promise<TestPage> => {
      const page = await wrap(await puppet.newPage());
      await page.navigate(url);
      return page;
    };

    const extension = await createChromiumExtension({ puppet, root, open, wrap });
    return {
      name: 'chromium',
      version: await puppet.version(),
      pid,
      extension,
      open,
      async setColourScheme(next) {
        scheme = next;
        await Promise.all([...sessions].map((session) => emulate(session, next)));
      },
      errors: async () => [...errors, ...(await extension.reportedErrors())],
      async find(url) {
        const target = await puppet.waitForTarget((one) => one.type() === 'page' && one.url() === url);
        return wrap(await target.asPage());
      },
      async openUnattached(url) {
        await root.send('Target.createTarget', { url });
        const { origin } = new URL(url);
        return async () => {
          const { targetInfos } = await root.send('Target.getTargets');
          const ours = targetInfos.filter((info) => info.type === 'page' && info.url.startsWith(origin));
          await Promise.all(ours.map(({ targetId }) => root.send('Target.closeTarget', { targetId })));
        };
      },
      async restart() {
        await puppet.close();
        await end({ keepProfile: true });
        return launchChromium(options, profile);
      },
      close: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

async function emulate(session: CDPSession, scheme: ColourScheme): Promise<void> {
  await session.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
}
