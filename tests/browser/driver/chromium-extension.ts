import type { Browser, CDPSession, Page } from 'puppeteer-core';
import { evaluateIn } from './chromium-page.ts';
import type { TestExtension, TestPage } from './test-browser.ts';
import { waitFor } from './wait-for.ts';

/** What `chrome.developerPrivate.getExtensionInfo` gives, as far as it is read here. */
interface ExtensionInfo {
  state: string;
  incognitoAccess: { isActive: boolean };
  manifestErrors: { message: string }[];
  runtimeErrors: { message: string; severity: string; contextUrl?: string }[];
  permissions: { runtimeHostPermissions?: { hostAccess: string; hosts: { host: string; granted: boolean }[] } };
}

interface Options {
  puppet: Browser;
  /** Attached to the browser. */
  root: CDPSession;
  open(url: string): Promise<TestPage>;
  wrap(page: Page): Promise<TestPage>;
}

/** The only installed extension. `reportedErrors`: what chrome://extensions lists for it. */
export async function createChromiumExtension({
  puppet,
  root,
  open,
  wrap,
}: Options): Promise<TestExtension & { reportedErrors(): Promise<string[]> }> {
  const installed = await waitFor('the extension', async () => [...(await puppet.extensions()).keys()][0]);
  const id = installed ?? '';
  const origin = `chrome-extension://${id}`;

  /** chrome://extensions in a tab that never comes to the front. It lists no error from before its developer mode. */
  async function openExtensionsPage(): Promise<CDPSession> {
    const page = await puppet.newPage({ background: true });
    await page.goto('chrome://extensions');
    const session = await page.createCDPSession();
    await waitFor('chrome://extensions', () => evaluateIn(session, 'chrome.developerPrivate !== undefined', []));
    // Without developer mode a reloaded extension stays off.
    const mode = '{ inDeveloperMode: true }';
    await evaluateIn(session, `chrome.developerPrivate.updateProfileConfiguration(${mode}).then(() => 0)`, []);
    return session;
  }
  const developing = openExtensionsPage();
  // Whoever uses it hears of its failure; nobody may.
  developing.catch(() => undefined);
  async function develop(call: string): Promise<unknown> {
    return evaluateIn(await developing, `Promise.resolve(chrome.${call})`, []);
  }
  const info = () => develop(`developerPrivate.getExtensionInfo("${id}")`) as Promise<ExtensionInfo>;

  /** What chrome://extensions listed before it forgot the extension. */
  let errorsOfRemoved: string[] | null = null;

  /** Only hosts that the manifest requires: for others chrome://extensions shows a grant that the extension does not get. */
  async function changeOrigin(pattern: string, granted: boolean): Promise<void> {
    const access = (await info()).permissions.runtimeHostPermissions;
    const hosts = access?.hosts ?? [];
    if (!hosts.some(({ host }) => host === pattern)) {
      throw new Error(`Cannot change access to "${pattern}": the manifest does not require it`);
    }
    const change = (host: string, add: boolean) =>
      develop(`developerPrivate.${add ? 'add' : 'remove'}HostPermission("${id}", ${JSON.stringify(host)})`);
    if (access?.hostAccess === 'ON_ALL_SITES') {
      // Hosts cannot be taken away one by one from here; after this all are gone, and the others come back.
      await develop(
        `developerPrivate.updateExtensionConfiguration({ extensionId: "${id}", hostAccess: 'ON_SPECIFIC_SITES' })`,
      );
      const others = hosts.filter((one) => one.granted && one.host !== pattern);
      await Promise.all(others.map(({ host }) => change(host, true)));
      if (granted) await change(pattern, true);
    } else {
      await change(pattern, granted);
    }
  }

  async function worker(): Promise<string | null> {
    const { targetInfos } = await root.send('Target.getTargets', { filter: [{ type: 'service_worker' }] });
    return targetInfos.find(({ url }) => url.startsWith(`${origin}/`))?.targetId ?? null;
  }

  async function inWorker<Result>(use: (session: CDPSession) => Promise<Result>): Promise<Result> {
    if ((await worker()) === null) throw new Error('Cannot look into the background: it is not running');
    // One that has just started is not known to the driver at once.
    const target = await puppet.waitForTarget(
      (one) => one.type() === 'service_worker' && one.url().startsWith(`${origin}/`),
      { timeout: 5_000 },
    );
    const session = await target.createCDPSession();
    try {
      return await use(session);
    } finally {
      // A worker with a debugger attached never stops for idleness.
      await session.detach().catch(() => undefined);
    }
  }

  /** The popup that a call in the background opens. */
  async function popupAfter(call: string): Promise<TestPage> {
    const before = new Set(puppet.targets());
    // The polyfill's `browser` is not global in a worker; `chrome` always is.
    await self.evaluateInBackground(`globalThis.chrome.${call}.then(() => null)`);
    const target = await puppet.waitForTarget((one) => !before.has(one) && one.url().startsWith(`${origin}/`), {
      timeout: 5_000,
    });
    return wrap(await target.asPage());
  }

  const self: TestExtension & { reportedErrors(): Promise<string[]> } = {
    id,
    origin,
    openPage: (path) => open(`${origin}/${path}`),
    openPopup: () => popupAfter('action.openPopup()'),
    async openPrivatePopup() {
      const { incognitoAccess } = await info();
      if (!incognitoAccess.isActive) {
        await develop(`developerPrivate.updateExtensionConfiguration({ extensionId: "${id}", incognitoAccess: true })`);
        await waitFor('access to private windows', async () => (await info()).incognitoAccess.isActive);
      }
      // A window's page is up a moment after the window.
      const page = await open(`${origin}/popup.html`);
      const windowId = await page.evaluate('() => chrome.windows.create({ incognito: true }).then(({ id }) => id)');
      await page.close();
      return popupAfter(`action.openPopup({ windowId: ${String(windowId)} })`);
    },
    async closePrivateWindows() {
      const page = await open(`${origin}/popup.html`);
      await page.evaluate(`async () => {
        const windows = await chrome.windows.getAll();
        for (const { id, incognito } of windows) if (incognito) await chrome.windows.remove(id);
      }`);
      await page.close();
    },
    async killBackground() {
      const targetId = await worker();
      if (targetId === null) throw new Error('Cannot stop the background: it is not running');
      await root.send('Target.closeTarget', { targetId });
      await waitFor('stopped background', async () => (await worker()) !== targetId);
    },
    backgroundIsRunning: async () => (await worker()) !== null,
    evaluateInBackground: (fn, ...args) =>
      inWorker(async (session) => {
        // Its own `await`: a promise of `Awaited<Result>` may not be flattened by the compiler.
        const result: unknown = await evaluateIn(session, fn, args);
        return result as never;
      }),
    backgroundHeapBytes: () =>
      inWorker(async (session) => {
        await session.send('HeapProfiler.collectGarbage');
        return (await session.send('Runtime.getHeapUsage')).usedSize;
      }),
    async reload() {
      await develop(`developerPrivate.reload("${id}", { failQuietly: true })`);
      await waitFor('reloaded extension', async () => (await info()).state === 'ENABLED');
    },
    async disable() {
      await develop(`management.setEnabled("${id}", false)`);
    },
    async enable() {
      await develop(`management.setEnabled("${id}", true)`);
    },
    async uninstall() {
      errorsOfRemoved = await self.reportedErrors();
      await root.send('Extensions.uninstall', { id });
    },
    grantOrigin: (pattern) => changeOrigin(pattern, true),
    revokeOrigin: (pattern) => changeOrigin(pattern, false),
    async grantedOrigins() {
      const hosts = (await info()).permissions.runtimeHostPermissions?.hosts ?? [];
      return hosts.filter(({ granted }) => granted).map(({ host }) => host);
    },
    async reportedErrors() {
      if (errorsOfRemoved) return errorsOfRemoved;
      const { manifestErrors, runtimeErrors } = await info();
      const isOurs = ({ severity, contextUrl = '' }: ExtensionInfo['runtimeErrors'][number]): boolean =>
        // An image that is opened as a page gets styles from the browser, and the policy of the extension refuses them.
        severity !== 'INFO' && !contextUrl.endsWith('.png');
      return [...manifestErrors, ...runtimeErrors.filter(isOurs)].map(({ message }) => message);
    },
  };
  return self;
}
