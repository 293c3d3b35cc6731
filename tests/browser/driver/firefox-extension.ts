import type { FirefoxScripts } from './firefox-scripts.ts';
import type { Marionette } from './marionette.ts';
import { callExpression } from './page-function.ts';
import type { TestExtension, TestPage } from './test-browser.ts';

interface Options {
  marionette: Marionette;
  scripts: FirefoxScripts;
  extensionDir: string;
  open(url: string): Promise<TestPage>;
  /** As `open`, in a private window of its own. */
  openPrivate(url: string): Promise<TestPage>;
}

/** Installs the extension for this session, with the host permissions that its manifest requires. */
export async function createFirefoxExtension({
  marionette,
  scripts,
  extensionDir,
  open,
  openPrivate,
}: Options): Promise<TestExtension> {
  const { value: id } = (await marionette.exclusively(() =>
    marionette.send('Addon:Install', { path: extensionDir, temporary: true }),
  )) as { value: string };
  const { inChrome } = scripts;
  const uuid = await inChrome((addon) => WebExtensionPolicy.getByID(addon).mozExtensionHostname as string, id);
  const origin = `moz-extension://${uuid}`;

  const self: TestExtension = {
    id,
    origin,
    openPage: (path) => open(`${origin}/${path}`),
    openPopup: () => self.openPage(popupOf()),
    async openPrivatePopup() {
      await inChrome(allowInPrivateWindows, id);
      return openPrivate(`${origin}/${popupOf()}`);
    },
    async closePrivateWindows() {
      // A script runs in the window looked at last, and would go with it.
      await marionette.exclusively(() => lookAtOldestWindow(marionette));
      await inChrome(closePrivateWindows);
    },
    async killBackground() {
      await inChrome(async (addon) => {
        const { extension } = WebExtensionPolicy.getByID(addon);
        if (extension.backgroundState !== 'running') {
          throw new Error(`Cannot stop the background: it is ${extension.backgroundState}`);
        }
        await extension.terminateBackground({ disableResetIdleForTest: true });
      }, id);
    },
    backgroundIsRunning: () =>
      inChrome((addon) => WebExtensionPolicy.getByID(addon)?.extension.backgroundState === 'running', id),
    async evaluateInBackground(fn, ...args) {
      const json = await inChrome(runInBackground, id, callExpression(fn, args));
      return JSON.parse(json) as never;
    },
    backgroundHeapBytes: () =>
      Promise.reject(new Error('Cannot weigh the background: Firefox tells the heap of no page')),
    async reload() {
      await inChrome(async (addon) => {
        const { AddonManager } = ChromeUtils.importESModule('resource://gre/modules/AddonManager.sys.mjs');
        await (await AddonManager.getAddonByID(addon)).reload();
        await WebExtensionPolicy.getByID(addon).readyPromise;
      }, id);
    },
    disable: () => inChrome(setEnabled, id, false),
    enable: () => inChrome(setEnabled, id, true),
    async uninstall() {
      await marionette.exclusively(() => marionette.send('Addon:Uninstall', { id }));
    },
    grantOrigin: (pattern) => inChrome(changeOrigin, id, pattern, true),
    revokeOrigin: (pattern) => inChrome(changeOrigin, id, pattern, false),
    grantedOrigins: () =>
      inChrome(
        (addon) =>
          WebExtensionPolicy.getByID(addon).allowedOrigins.patterns.map(
            (one: { pattern: string }) => one.pattern,
          ) as string[],
        id,
      ),
  };
  const popup = await inChrome(
    (addon) => (WebExtensionPolicy.getByID(addon).extension.manifest.action?.default_popup ?? '') as string,
    id,
  );
  return self;

  function popupOf(): string {
    if (popup === '') throw new Error('Cannot open the popup: the manifest names none');
    return popup.replace(`${origin}/`, '');
  }
}

/** The window that the browser started with is not private. Call it exclusively. */
export async function lookAtOldestWindow(marionette: Marionette): Promise<void> {
  const [handle] = (await marionette.send('WebDriver:GetWindowHandles')) as string[];
  await marionette.send('WebDriver:SwitchToWindow', { handle, focus: false });
}

/** Runs in the browser. */
async function setEnabled(id: string, enabled: boolean): Promise<void> {
  const { AddonManager } = ChromeUtils.importESModule('resource://gre/modules/AddonManager.sys.mjs');
  const addon = await AddonManager.getAddonByID(id);
  await (enabled ? addon.enable() : addon.disable());
  if (enabled) await WebExtensionPolicy.getByID(id).readyPromise;
}

/** Runs in the browser. */
async function allowInPrivateWindows(id: string): Promise<void> {
  const { extension } = WebExtensionPolicy.getByID(id);
  if (extension.privateBrowsingAllowed) return;
  const { ExtensionPermissions } = ChromeUtils.importESModule('resource://gre/modules/ExtensionPermissions.sys.mjs');
  const { AddonManager } = ChromeUtils.importESModule('resource://gre/modules/AddonManager.sys.mjs');
  const change = { permissions: ['internal:privateBrowsingAllowed'], origins: [], data_collection: [] };
  await ExtensionPermissions.add(id, change, extension);
  await (await AddonManager.getAddonByID(id)).reload();
  await WebExtensionPolicy.getByID(id).readyPromise;
}

/** Runs in the browser. */
async function closePrivateWindows(): Promise<void> {
  const { PrivateBrowsingUtils } = ChromeUtils.importESModule('resource://gre/modules/PrivateBrowsingUtils.sys.mjs');
  for (const window of Services.wm.getEnumerator('navigator:browser')) {
    if (!PrivateBrowsingUtils.isWindowPrivate(window)) continue;
    const closed = new Promise((resolve) => window.addEventListener('unload', resolve, { once: true }));
    window.close();
    await closed;
  }
}

/** Runs in the browser. */
async function changeOrigin(id: string, pattern: string, granted: boolean): Promise<void> {
  const { ExtensionPermissions } = ChromeUtils.importESModule('resource://gre/modules/ExtensionPermissions.sys.mjs');
  const { extension } = WebExtensionPolicy.getByID(id);
  const change = { permissions: [], origins: [pattern], data_collection: [] };
  await ExtensionPermissions[granted ? 'add' : 'remove'](id, change, extension);
}

/**
 * Runs in the browser: evaluates `expression` in the background page, which lives in another process, by a frame
 * script. A sandbox, because the page's own policy forbids eval.
 */
async function runInBackground(id: string, expression: string): Promise<string> {
  const { extension } = WebExtensionPolicy.getByID(id);
  const manager = extension.backgroundContext?.xulBrowser?.messageManager;
  if (!manager) throw new Error('Cannot evaluate in the background: it is not running');
  const name = `tidings-${Math.random()}`;
  const script = `
    const sandbox = new Cu.Sandbox(content, { sandboxPrototype: content, wantXrays: false });
    Cu.evalInSandbox(${JSON.stringify(expression)}, sandbox).then(
      (value) => sendAsyncMessage(${JSON.stringify(name)}, { value: String(value) }),
      (error) => sendAsyncMessage(${JSON.stringify(name)}, { error: String(error) }),
    );`;
  const answer = await new Promise<{ value?: string; error?: string }>((resolve) => {
    const listen = ({ data }: { data: { value?: string; error?: string } }): void => {
      manager.removeMessageListener(name, listen);
      resolve(data);
    };
    manager.addMessageListener(name, listen);
    manager.loadFrameScript(`data:,${encodeURIComponent(script)}`, false);
  });
  if (answer.error !== undefined) throw new Error(answer.error);
  return answer.value ?? 'null';
}
