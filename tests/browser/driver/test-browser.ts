/** The one way in which tests and scripts drive Chromium and Firefox. `launchBrowser` makes a {@link TestBrowser}. */

export type BrowserName = 'chromium' | 'firefox';

export type ColourScheme = 'light' | 'dark';

/**
 * Runs in the page: a function, or its source. Nothing of the test's scope reaches it. Arguments and result travel as
 * JSON; a promise is awaited.
 */
export type PageFunction<Args extends unknown[], Result> = string | ((...args: Args) => Result);

export interface Point {
  /** CSS px from the left of the viewport. */
  x: number;
  /** CSS px from its top. */
  y: number;
}

/** What presses. */
export type Press = 'left' | 'right' | 'finger';

export interface Box extends Point {
  width: number;
  height: number;
}

export interface WaitOptions {
  /** How long to wait before it fails, in ms; default 10 000. */
  limitMs?: number;
  /** Pause between two looks, in ms; default 50. */
  everyMs?: number;
}

export interface LaunchOptions {
  /** Folder with the built extension, `manifest.json` in it. */
  extensionDir: string;
  /** Firefox preferences over the driver's own; Chromium ignores them. */
  prefs?: Record<string, boolean | number | string>;
  /** Further command line arguments. */
  args?: string[];
  /** Default true. False needs a display. */
  headless?: boolean;
}

export interface TestBrowser {
  readonly name: BrowserName;
  readonly version: string;
  /** Id of its main process. */
  readonly pid: number;
  readonly extension: TestExtension;
  /** A new tab, in front, loaded. */
  open(url: string): Promise<TestPage>;
  /** A tab with this address that nobody opened here, or that the browser has made anew. */
  find(url: string): Promise<TestPage>;
  /**
   * A new tab, in front, which nobody looks into: Chromium prerenders nothing for a page with a debugger. Returns what closes
   * all such tabs of this origin. @throws {Error} in Firefox, which needs it for nothing
   */
  openUnattached(url: string): Promise<() => Promise<void>>;
  /** What `prefers-color-scheme` is, in open pages and later ones. */
  setColourScheme(scheme: ColourScheme): Promise<void>;
  /** Errors that pages and extension reported since the launch: uncaught ones and what `console.error` said. Not in the order of time. */
  errors(): Promise<string[]>;
  /** Quits, and starts again on the same profile with the same extension. This one is of no use any more. */
  restart(): Promise<TestBrowser>;
  /** Ends its processes and removes its profile. Also done when the process that launched it dies. */
  close(): Promise<void>;
}

export interface TestPage {
  url(): Promise<string>;
  navigate(url: string): Promise<void>;
  /** One step through the history, from the back/forward cache where the browser would take it. */
  back(): Promise<void>;
  forward(): Promise<void>;
  /**
   * Whether the browser has the page before this one in its back/forward cache. Firefox drops 2 to 6 of 100, with or without
   * an extension: it may take the request for the next document for one of the old, and pages with requests are not kept.
   * @throws {Error} in Chromium, which tells it on the way back
   */
  hasCachedBack(): Promise<boolean>;
  reload(): Promise<void>;
  close(): Promise<void>;

  evaluate<Args extends unknown[], Result>(fn: PageFunction<Args, Result>, ...args: Args): Promise<Awaited<Result>>;
  /** Looks until `fn` gives something truthy. @throws {Error} with the last value when the limit is over */
  waitFor<Args extends unknown[], Result>(
    what: string,
    fn: PageFunction<Args, Result>,
    options?: WaitOptions & { args?: Args },
  ): Promise<Awaited<Result>>;

  /**
   * Runs `fn` on the first closed shadow root of the page, which no script of the page can do.
   * @throws {Error} when the page has none
   */
  inShadow<Args extends unknown[], Result>(
    fn: PageFunction<[ShadowRoot, ...Args], Result>,
    ...args: Args
  ): Promise<Awaited<Result>>;
  /**
   * As {@link inShadow}, on that root and on the closed ones nested in it, in the order of their hosts in the document.
   * @throws {Error} when the page has none
   */
  inShadows<Args extends unknown[], Result>(
    fn: PageFunction<[ShadowRoot[], ...Args], Result>,
    ...args: Args
  ): Promise<Awaited<Result>>;
  /** Text of the closed shadow root, or of an element in it; `null` while there is none. */
  shadowText(selector?: string): Promise<string | null>;
  /** Where an element of the closed shadow roots comes to rest. For a page that is shown. @throws {Error} when there is none */
  shadowBox(selector: string): Promise<Box>;
  /** Real pointer input on an element of the closed shadow roots, as soon as it rests. */
  shadowClick(selector: string): Promise<void>;

  /** What the browser tells a screen reader of the page: names of all that has one, closed shadow roots included. It may begin to find out only when asked. */
  accessibleNames(): Promise<string[]>;

  /** Real pointer input on an element of the page, scrolled into view first. */
  click(selector: string): Promise<void>;
  /** Presses there once; default with the left button. */
  clickAt(point: Point, by?: Press): Promise<void>;
  /** Turns the wheel there, in CSS px, downwards. */
  wheelAt(point: Point, deltaY: number): Promise<void>;
  drag(from: Point, to: Point): Promise<void>;
  /** Types into what has the focus. */
  type(text: string): Promise<void>;
  /** A key as `KeyboardEvent.key` names it, with modifiers before it: `Escape`, `Control+Shift+ArrowLeft`. */
  press(keys: string): Promise<void>;

  /** Viewport in CSS px. */
  setViewport(size: { width: number; height: number }): Promise<void>;
  /** PNG of the viewport into this file. */
  screenshot(path: string): Promise<void>;
  /** Puts another tab in front: `document.visibilityState` becomes `hidden`. */
  hide(): Promise<void>;
  bringToFront(): Promise<void>;
  /** Stops the page's tasks, as the browser does with long hidden tabs. @throws {Error} in Firefox, which has no such state */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Ends the process of the page, as a fault in it would. Of no use any more after it. */
  crash(): Promise<void>;
  /** JavaScript heap in use after a collection, in bytes, all scripts of the page together. @throws {Error} in Firefox, which tells it to nobody */
  heapBytes(): Promise<number>;
  /** What {@link TestPage.heapBytes} gives, and beside it the heap of the DOM, in bytes. @throws {Error} in Firefox */
  heapParts(): Promise<{ scripts: number; dom: number }>;
  /** What the browser notes of these categories while `use` runs. @throws {Error} in Firefox, which has another way */
  trace(categories: string[], use: () => Promise<void>): Promise<TraceEvent[]>;
}

/**
 * Something that took its time, in the format of Chromium's traces.
 * @see https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
export interface TraceEvent {
  name: string;
  /** Processor time of its thread in microseconds; absent of what has no length. */
  tdur?: number;
  args: { data?: { url?: string } };
}

export interface TestExtension {
  /** `runtime.id`. */
  readonly id: string;
  /** `chrome-extension://...` or `moz-extension://...`, no slash at the end. */
  readonly origin: string;
  /** One of its pages as a tab. */
  openPage(path: string): Promise<TestPage>;
  /** Its popup: the real one in Chromium, a tab in Firefox. Opens over the tab in front. */
  openPopup(): Promise<TestPage>;
  /**
   * Lets the extension into private windows, which starts it anew, opens such a window and its popup there: the real one in
   * Chromium, a tab in Firefox.
   */
  openPrivatePopup(): Promise<TestPage>;
  /** Closes all private windows, with what is in them. */
  closePrivateWindows(): Promise<void>;
  /** Stops the background as the browser does, only now. */
  killBackground(): Promise<void>;
  backgroundIsRunning(): Promise<boolean>;
  /**
   * Runs `fn` in the background.
   * @throws {Error} when the background does not run
   */
  evaluateInBackground<Args extends unknown[], Result>(
    fn: PageFunction<Args, Result>,
    ...args: Args
  ): Promise<Awaited<Result>>;
  /** JavaScript heap of the background in use after a collection, in bytes. @throws {Error} in Firefox, and when it does not run */
  backgroundHeapBytes(): Promise<number>;
  /** As `runtime.reload()`; resolves when it runs again. */
  reload(): Promise<void>;
  disable(): Promise<void>;
  enable(): Promise<void>;
  uninstall(): Promise<void>;
  /** Host permission for a match pattern, without asking. Chromium: only one that the manifest requires. */
  grantOrigin(pattern: string): Promise<void>;
  revokeOrigin(pattern: string): Promise<void>;
  /** Match patterns of the hosts it may reach now. */
  grantedOrigins(): Promise<string[]>;
}
