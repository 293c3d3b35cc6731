import { writeFile } from 'node:fs/promises';
import type { CDPSession, KeyInput, Page, Protocol } from 'puppeteer-core';
import { boxIn, boxOnPage, centre } from './box.ts';
import { callExpression, functionSource } from './page-function.ts';
import type { PageFunction, TestPage, TraceEvent } from './test-browser.ts';
import { waitFor } from './wait-for.ts';

function resultOf(answer: {
  result: Protocol.Runtime.RemoteObject;
  exceptionDetails?: Protocol.Runtime.ExceptionDetails;
}) {
  const { result, exceptionDetails } = answer;
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return typeof result.value === 'string' ? (JSON.parse(result.value) as unknown) : undefined;
}

/** Runs `fn` in the default context of whatever the session is attached to. */
export async function evaluateIn<Args extends unknown[], Result>(
  session: CDPSession,
  fn: PageFunction<Args, Result>,
  args: Args,
): Promise<Awaited<Result>> {
  const answer = await session.send('Runtime.evaluate', {
    expression: callExpression(fn, args),
    awaitPromise: true,
    returnByValue: true,
    userGesture: true,
  });
  return resultOf(answer) as Awaited<Result>;
}

/** All closed roots under a node, those nested in one after it. */
function* closedRoots(node: Protocol.DOM.Node): Generator<Protocol.DOM.Node> {
  for (const root of node.shadowRoots ?? []) {
    if (root.shadowRootType === 'closed') yield root;
    yield* closedRoots(root);
  }
  for (const child of node.children ?? []) yield* closedRoots(child);
}

/** A {@link TestPage} on a tab of Chromium; `session` is attached to it. */
export function createChromiumPage(page: Page, session: CDPSession): TestPage {
  let curtain: Page | null = null;
  let calls = 0;

  async function traverse(step: -1 | 1): Promise<void> {
    const { currentIndex, entries } = await session.send('Page.getNavigationHistory');
    const entry = entries[currentIndex + step];
    if (!entry)
      throw new Error(`Cannot go ${step < 0 ? 'back' : 'forward'} on "${page.url()}": the history ends there`);
    await session.send('Page.navigateToHistoryEntry', { entryId: entry.id });
    // No load event when the page comes from the back/forward cache.
    await waitFor(`history entry ${entry.url}`, async () => {
      const now = await session.send('Page.getNavigationHistory');
      return now.currentIndex === currentIndex + step && (await self.evaluate('document.readyState')) === 'complete';
    });
  }

  async function objectOf({ backendNodeId }: Protocol.DOM.Node, objectGroup: string): Promise<string> {
    const { object } = await session.send('DOM.resolveNode', { backendNodeId, objectGroup });
    if (object.objectId === undefined) throw new Error(`Cannot read "${page.url()}": its shadow root is gone`);
    return object.objectId;
  }

  async function inShadows<Args extends unknown[], Result>(
    fn: PageFunction<[ShadowRoot[], ...Args], Result>,
    ...args: Args
  ): Promise<Awaited<Result>> {
    const { root: document } = await session.send('DOM.getDocument', { depth: -1, pierce: true });
    const [first] = closedRoots(document);
    if (!first) throw new Error(`Cannot read "${page.url()}": it has no closed shadow root`);
    const objectGroup = `call ${(calls += 1)}`;
    const objectIds = await Promise.all([first, ...closedRoots(first)].map((root) => objectOf(root, objectGroup)));
    const answer = await session.send('Runtime.callFunctionOn', {
      objectId: objectIds[0] ?? '',
      functionDeclaration: `async function (args, ...shadows) { return JSON.stringify((await (${functionSource(fn)})(shadows, ...args)) ?? null); }`,
      arguments: [{ value: args }, ...objectIds.map((objectId) => ({ objectId }))],
      awaitPromise: true,
      returnByValue: true,
    });
    await session.send('Runtime.releaseObjectGroup', { objectGroup });
    return resultOf(answer) as Awaited<Result>;
  }

  const self: TestPage = {
    url: async () => page.url(),
    async navigate(url) {
      await page.goto(url, { waitUntil: 'load' });
    },
    back: () => traverse(-1),
    forward: () => traverse(1),
    hasCachedBack: () => Promise.reject(new Error('Cannot look into the cache of Chromium: it tells on the way back')),
    async reload() {
      await page.reload({ waitUntil: 'load' });
    },
    async close() {
      await curtain?.close();
      if (!page.isClosed()) await page.close();
    },
    evaluate: (fn, ...args) => evaluateIn(session, fn, args),
    waitFor: (what, fn, options = {}) =>
      waitFor(what, () => evaluateIn(session, fn, options.args ?? ([] as never)), options),
    inShadow: (fn, ...args) =>
      inShadows(`([shadow], ...args) => (${functionSource(fn)})(shadow, ...args)`, ...args) as never,
    inShadows,
    async shadowText(selector) {
      const read = (shadow: ShadowRoot, wanted: string | null) =>
        (wanted === null ? shadow : shadow.querySelector(wanted))?.textContent ?? null;
      return self.inShadow(read, selector ?? null).catch(() => null);
    },
    shadowBox: (selector) => inShadows(boxIn, selector),
    async shadowClick(selector) {
      await self.clickAt(centre(await self.shadowBox(selector)));
    },
    async accessibleNames() {
      const { nodes } = await session.send('Accessibility.getFullAXTree');
      return nodes.flatMap(({ ignored, name }) => (ignored || !name?.value ? [] : String(name.value)));
    },
    async click(selector) {
      await self.clickAt(centre(await self.evaluate(boxOnPage, selector)));
    },
    async clickAt({ x, y }, by = 'left') {
      if (by === 'finger') await page.touchscreen.tap(x, y);
      else await page.mouse.click(x, y, { button: by });
    },
    async wheelAt({ x, y }, deltaY) {
      await page.mouse.move(x, y);
      await page.mouse.wheel({ deltaY });
    },
    async drag(from, to) {
      await page.mouse.move(from.x, from.y);
      await page.mouse.down();
      await page.mouse.move(to.x, to.y, { steps: 5 });
      await page.mouse.up();
    },
    async type(text) {
      await page.keyboard.type(text);
    },
    async press(keys) {
      const names = keys.split('+') as KeyInput[];
      const last = names.pop();
      if (last === undefined) return;
      for (const name of names) await page.keyboard.down(name);
      await page.keyboard.press(last);
      for (const name of names.toReversed()) await page.keyboard.up(name);
    },
    async setViewport(size) {
      await session.send('Emulation.setDeviceMetricsOverride', { ...size, deviceScaleFactor: 1, mobile: false });
    },
    async screenshot(path) {
      const { data } = await session.send('Page.captureScreenshot', { format: 'png' });
      await writeFile(path, Buffer.from(data, 'base64'));
    },
    async hide() {
      curtain ??= await page.browser().newPage();
      await curtain.bringToFront();
      await self.waitFor('hidden page', 'document.visibilityState === "hidden"');
    },
    async bringToFront() {
      await page.bringToFront();
      await self.waitFor('shown page', 'document.visibilityState === "visible"');
    },
    async freeze() {
      await session.send('Page.setWebLifecycleState', { state: 'frozen' });
    },
    async thaw() {
      await session.send('Page.setWebLifecycleState', { state: 'active' });
    },
    async crash() {
      const crashed = new Promise((resolve) => {
        session.once('Inspector.targetCrashed', resolve);
      });
      await session.send('Inspector.enable');
      // Its answer never comes: who would give it has crashed.
      session.send('Page.crash').catch(() => undefined);
      await crashed;
    },
    async heapBytes() {
      await session.send('HeapProfiler.collectGarbage');
      return (await session.send('Runtime.getHeapUsage')).usedSize;
    },
    async heapParts() {
      await session.send('HeapProfiler.collectGarbage');
      const { usedSize, embedderHeapUsedSize } = await session.send('Runtime.getHeapUsage');
      return { scripts: usedSize, dom: embedderHeapUsedSize };
    },
    async trace(categories, use) {
      await page.tracing.start({ categories });
      await use();
      const trace = await page.tracing.stop();
      return (JSON.parse(new TextDecoder().decode(trace)) as { traceEvents: TraceEvent[] }).traceEvents;
    },
  };
  return self;
}
