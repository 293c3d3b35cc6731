import { writeFile } from 'node:fs/promises';
import type { FirefoxScripts } from './firefox-scripts.ts';
import type { Marionette } from './marionette.ts';
import { boxIn, boxOnPage, centre } from './box.ts';
import { functionSource } from './page-function.ts';
import type { PageFunction, Point, TestPage } from './test-browser.ts';
import { waitFor } from './wait-for.ts';

// [spec] https://w3c.github.io/webdriver/#keyboard-actions
const KEYS: Record<string, string> = {
  Backspace: '\uE003',
  Tab: '\uE004',
  Enter: '\uE006',
  Shift: '\uE008',
  Control: '\uE009',
  Alt: '\uE00A',
  Escape: '\uE00C',
  Space: '\uE00D',
  PageUp: '\uE00E',
  PageDown: '\uE00F',
  End: '\uE010',
  Home: '\uE011',
  ArrowLeft: '\uE012',
  ArrowUp: '\uE013',
  ArrowRight: '\uE014',
  ArrowDown: '\uE015',
  Delete: '\uE017',
  Meta: '\uE03D',
};

/** A {@link TestPage} on a tab of Firefox. */
export function createFirefoxPage(marionette: Marionette, scripts: FirefoxScripts, handle: string): TestPage {
  let curtain: string | null = null;

  const send = (command: string, parameters: object = {}, focus = false): Promise<unknown> =>
    marionette.exclusively(async () => {
      await marionette.send('WebDriver:SwitchToWindow', { handle, focus });
      return marionette.send(command, parameters);
    });
  const act = (source: object): Promise<unknown> => send('WebDriver:PerformActions', { actions: [source] });
  const point = (actions: object[]): Promise<unknown> =>
    act({ type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions });
  const moveTo = ({ x, y }: Point, duration = 0): object => ({
    type: 'pointerMove',
    x: Math.round(x),
    y: Math.round(y),
    origin: 'viewport',
    duration,
  });
  const down = { type: 'pointerDown', button: 0 };
  const up = { type: 'pointerUp', button: 0 };

  const inShadows = <Args extends unknown[], Result>(
    fn: PageFunction<[ShadowRoot[], ...Args], Result>,
    ...args: Args
  ): Promise<Awaited<Result>> =>
    scripts.inPrivilegedPage(
      handle,
      `(...args) => {
        // The browser's own controls have closed roots too; these are the elements on which a script may attach one.
        const hosts = /-|^(article|aside|blockquote|body|div|footer|h[1-6]|header|main|nav|p|section|span)$/;
        const rootsIn = (scope) =>
          [...scope.querySelectorAll('*')].flatMap(
            (element) => (hosts.test(element.localName) && element.openOrClosedShadowRoot) || [],
          );
        const find = (scope) => {
          for (const shadow of rootsIn(scope)) {
            const found = shadow.mode === 'closed' ? shadow : find(shadow);
            if (found) return found;
          }
          return null;
        };
        const withNested = (shadow) => [shadow, ...rootsIn(shadow).flatMap(withNested)];
        const shadow = find(document);
        if (!shadow) throw new Error('Cannot read "' + document.location + '": it has no closed shadow root');
        return (${functionSource(fn)})(withNested(shadow), ...args);
      }`,
      ...args,
    ) as Promise<Awaited<Result>>;
  const inShadow = <Args extends unknown[], Result>(
    fn: PageFunction<[ShadowRoot, ...Args], Result>,
    ...args: Args
  ): Promise<Awaited<Result>> =>
    inShadows(`([shadow], ...args) => (${functionSource(fn)})(shadow, ...args)`, ...args) as Promise<Awaited<Result>>;

  const self: TestPage = {
    url: async () => ((await send('WebDriver:GetCurrentURL')) as { value: string }).value,
    async navigate(url) {
      await send('WebDriver:Navigate', { url });
    },
    async back() {
      await send('WebDriver:Back');
    },
    async forward() {
      await send('WebDriver:Forward');
    },
    async hasCachedBack() {
      await show(handle);
      return scripts.inChrome(selectedTabHasCachedBack);
    },
    async reload() {
      await send('WebDriver:Refresh');
    },
    async close() {
      if (curtain !== null) await closeTab(curtain);
      curtain = null;
      await closeTab(handle);
    },
    evaluate: (fn, ...args) => scripts.inPage(handle, fn, ...args),
    waitFor: (what, fn, options = {}) =>
      waitFor(what, () => scripts.inPage(handle, fn, ...(options.args ?? ([] as never))), options),
    inShadow,
    inShadows,
    async shadowText(selector) {
      const read = (shadow: ShadowRoot, wanted: string | null) =>
        (wanted === null ? shadow : shadow.querySelector(wanted))?.textContent ?? null;
      return inShadow(read, selector ?? null).catch(() => null);
    },
    shadowBox: (selector) => inShadows(boxIn, selector),
    async shadowClick(selector) {
      await self.clickAt(centre(await self.shadowBox(selector)));
    },
    accessibleNames: () => scripts.inPrivilegedPage(handle, namesInTree),
    async click(selector) {
      await self.clickAt(centre(await self.evaluate(boxOnPage, selector)));
    },
    async clickAt(at, by = 'left') {
      if (by === 'finger') {
        await act({
          type: 'pointer',
          id: 'finger',
          parameters: { pointerType: 'touch' },
          actions: [moveTo(at), down, up],
        });
        return;
      }
      const button = by === 'left' ? 0 : 2;
      await point([moveTo(at), { ...down, button }, { ...up, button }]);
    },
    async wheelAt({ x, y }, deltaY) {
      const scroll = { type: 'scroll', x: Math.round(x), y: Math.round(y), deltaX: 0, deltaY, duration: 0 };
      await act({ type: 'wheel', id: 'wheel', actions: [scroll] });
    },
    async drag(from, to) {
      await point([moveTo(from), down, moveTo(to, 50), up]);
    },
    async type(text) {
      const actions = [...text].flatMap((value) => [
        { type: 'keyDown', value },
        { type: 'keyUp', value },
      ]);
      await act({ type: 'key', id: 'keys', actions });
    },
    async press(keys) {
      const values = keys.split('+').map((name) => KEYS[name] ?? name);
      const actions = [
        ...values.map((value) => ({ type: 'keyDown', value })),
        ...values.toReversed().map((value) => ({ type: 'keyUp', value })),
      ];
      await act({ type: 'key', id: 'keys', actions });
    },
    async setViewport({ width, height }) {
      await resizeTo(width, height);
    },
    async screenshot(path) {
      const { value } = (await send('WebDriver:TakeScreenshot', { full: false }, true)) as { value: string };
      await writeFile(path, Buffer.from(value, 'base64'));
    },
    async hide() {
      if (curtain === null) {
        const opened = await marionette.exclusively(() =>
          marionette.send('WebDriver:NewWindow', { type: 'tab', focus: true }),
        );
        curtain = (opened as { handle: string }).handle;
      }
      await show(curtain);
      await self.waitFor('hidden page', 'document.visibilityState === "hidden"');
    },
    async bringToFront() {
      await show(handle);
      await self.waitFor('shown page', 'document.visibilityState === "visible"');
    },
    freeze: () => Promise.reject(new Error('Cannot freeze a page in Firefox: it has no frozen state')),
    thaw: () => Promise.reject(new Error('Cannot thaw a page in Firefox: it has no frozen state')),
    async crash() {
      await show(handle);
      await scripts.inChrome(crashSelectedTab);
    },
    heapBytes: () => Promise.reject(new Error('Cannot weigh a page in Firefox: it tells the heap of no page')),
    heapParts: () => Promise.reject(new Error('Cannot weigh a page in Firefox: it tells the heap of no page')),
    trace: () => Promise.reject(new Error('Cannot trace a page in Firefox: the driver does not speak to its profiler')),
  };
  return self;

  function show(tab: string): Promise<unknown> {
    return marionette.exclusively(() => marionette.send('WebDriver:SwitchToWindow', { handle: tab, focus: true }));
  }

  function closeTab(tab: string): Promise<unknown> {
    return marionette.exclusively(async () => {
      await marionette.send('WebDriver:SwitchToWindow', { handle: tab, focus: false });
      const left = (await marionette.send('WebDriver:CloseWindow')) as string[];
      // Marionette refuses even to open a tab while the current one is closed.
      await marionette.send('WebDriver:SwitchToWindow', { handle: left[0], focus: false });
    });
  }

  /** The window's frame is of unknown size: grow by what is missing, and look again. */
  async function resizeTo(width: number, height: number): Promise<void> {
    await waitFor('viewport', async () => {
      const [w, h] = await self.evaluate(() => [innerWidth, innerHeight] as const);
      if (w === width && h === height) return true;
      const rect = (await send('WebDriver:GetWindowRect')) as { width: number; height: number };
      await send('WebDriver:SetWindowRect', { width: rect.width + width - w, height: rect.height + height - h });
      return false;
    });
  }
}

/** Runs in the browser. */
function selectedTabHasCachedBack(): boolean {
  const { selectedBrowser } = Services.wm.getMostRecentWindow('navigator:browser').gBrowser;
  const { sessionHistory } = selectedBrowser.browsingContext;
  return sessionHistory.getEntryAtIndex(sessionHistory.index - 1).isInBFCache;
}

interface Accessible {
  name: string | null;
  childCount: number;
  getChildAt(index: number): Accessible;
}

/** Runs in the page, with the rights of the browser. */
function namesInTree(): string[] {
  const service = Cc['@mozilla.org/accessibilityService;1'].getService(Ci.nsIAccessibilityService);
  const walk = (node: Accessible): string[] => [
    ...(node.name ? [node.name] : []),
    ...Array.from({ length: node.childCount }, (_, index) => walk(node.getChildAt(index))).flat(),
  ];
  const root = service.getAccessibleFor(document) as Accessible | null;
  return root ? walk(root) : [];
}

/** Runs in the browser. */
async function crashSelectedTab(): Promise<void> {
  const { selectedBrowser } = Services.wm.getMostRecentWindow('navigator:browser').gBrowser;
  const crashed = new Promise((resolve) => {
    selectedBrowser.addEventListener('oop-browser-crashed', resolve, { once: true });
  });
  const tools = Cc['@mozilla.org/processtools-service;1'].getService(Ci.nsIProcessToolsService);
  tools.kill(selectedBrowser.browsingContext.currentWindowGlobal.osPid);
  await crashed;
}
