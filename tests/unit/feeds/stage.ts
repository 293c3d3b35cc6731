/** A source, a background that reads it, a disk and a page, with everything between them real. */
import { vi } from 'vitest';
import { LOAD_LIMIT_MS } from '../../../utils/feeds/checkpoint';
import { parseFeed } from '../../../utils/feeds/feed';
import { createHub, type Hub } from '../../../utils/feeds/hub';
import type { Segments } from '../../../utils/feeds/segments';
import type { AcceptedPort, Port } from '../../../utils/stream/port';
import { createPublisher } from '../../../utils/stream/publisher';
import { createSubscriber } from '../../../utils/stream/subscriber';
import { createFakeRuntime, type Flavour } from '../../fakes/port';
import { createFakeWindow } from '../../fakes/window';
import { createMemorySegments, type MemorySegments } from './memory-segments';
import { createNumberedServer } from './numbered-server';

/** What a page applied of one batch. `numbers`: those that the source gave its events. */
export interface Applied {
  epoch: string;
  /** It follows what the page had before, says the background. */
  continues: boolean;
  numbers: number[];
  lost: number;
  /** The disk had all of it by then, or nothing of its epoch: the next background gives no `seq` of it to another event. */
  isSafe: boolean;
  /** How many backgrounds until then could not read the disk. A page that was away then need not be told. */
  unread: number;
  /** The last number that the disk had when this background began. */
  keptAtStart: number;
}

export interface Stage {
  /** How many events the source told. */
  readonly told: number;
  readonly applied: readonly Applied[];
  /**
   * Epochs while which the page was told that what comes is not kept, or that something may be missing; or was not, because
   * its source was not live when it came, and a status has one reason.
   */
  readonly warned: ReadonlySet<string>;
  tell(count: number, padding?: string): void;
  /** Cuts the connection to the source. */
  cut(): void;
  /** Stops the background. Of its messages `arriving` still come; its writes under way are kept, or lost with it. */
  kill(arriving: number, isKept: boolean): Promise<void>;
  setDisk(mode: MemorySegments['mode']): void;
  /** Lets the writes go through that the disk holds. */
  release(): void;
  /** Into the back/forward cache or a freeze, and the next time back. Nothing while the page is away in the other way. */
  leaveOrReturn(how: 'cache' | 'freeze'): void;
  /** Hides the page, and the next time shows it. Nothing while it is away. */
  hideOrShow(): void;
  /** Makes everything work again, gives it 2 minutes, tells one more event, and ends all. */
  finish(): Promise<void>;
}

const FEED = parseFeed({
  id: 'a',
  name: 'A',
  kind: 'event',
  source: { type: 'sse', address: 'https://example.com/events', consecutiveIds: true },
});
const WARNINGS = ['not-kept', 'may-have-missed'];
const LIFECYCLE = { cache: ['pagehide', 'pageshow'], freeze: ['freeze', 'resume'] } as const;

/** A jitter that is the same in each run, so that a seed of a property brings its failure back. */
function fixRandom(): void {
  let last = 0;
  vi.spyOn(Math, 'random').mockImplementation(() => (last = (last + 0.37) % 1));
}

/** Lets time pass, in ms. */
export const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** Lets so many promises in a row run, and no timer. */
export async function turn(times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) await Promise.resolve();
}

/** Sets all up, until the page has applied the first event. Use with `vi.useFakeTimers()`. */
export async function createStage(flavour: Flavour, diskMode: MemorySegments['mode'] = 'work'): Promise<Stage> {
  if (!FEED.ok) throw new Error(FEED.reason);
  const { feed } = FEED;
  fixRandom();
  const server = createNumberedServer();
  const applied: Applied[] = [];
  const warned = new Set<string>();
  const stop = new AbortController();
  const window = createFakeWindow();
  let disk = createMemorySegments();
  let hub: Hub | null = null;
  let unread = 0;
  let keptAtStart = 0;
  let isWarned = false;
  let isRetrying = false;
  let away: keyof typeof LIFECYCLE | null = null;
  let isHidden = false;

  /** How far the disk has the feed, and under which epoch. Of a segment only the head: they are long. */
  const newestKept = (): { epoch: string | undefined; number: number } => {
    const head = [...disk.kept.values()].flat().at(-1)?.[1].slice(0, 300) ?? '';
    const [, id] = /"lastEventId":"(\d+)"/.exec(head) ?? [];
    return { epoch: /"epoch":"([^"]+)"/.exec(head)?.[1], number: Number(id ?? 0) };
  };

  const openSegments = (own: MemorySegments): Segments => ({
    ...own,
    async load(connection) {
      const startedAt = Date.now();
      unread += 1;
      const segments = await own.load(connection);
      if (Date.now() - startedAt < LOAD_LIMIT_MS) unread -= 1;
      return segments;
    },
  });

  const runtime = createFakeRuntime({
    flavour,
    startBackground({ onConnect }) {
      const pulseStats = () => ({ openStreams: 0, updatesPerSecond: 0, roundTripMs: null });
      const own = createHub({ deps: server.deps, segments: openSegments(disk), pulseStats });
      own.configure([feed]);
      hub = own;
      const publisher = createPublisher({
        authorise: async () => ({
          allowed: true,
          open: async (options) => [await own.reader('a', options)].filter((reader) => reader !== null),
        }),
      });
      onConnect.addListener((port) => publisher.accept(port as unknown as AcceptedPort));
    },
  });
  const page = runtime.openPage();
  createSubscriber({
    connect: () => page.runtime.connect({ name: 'updates' }) as unknown as Port,
    isValid: () => true,
    page: window.window,
    onStream: () => undefined,
    onFeeds: () => undefined,
    onBatch(feeds) {
      for (const { epoch, continues, updates, lost } of feeds) {
        const numbers = updates.map(({ value }) => Number.parseInt(String(value), 10));
        const kept = newestKept();
        const isSafe = kept.epoch !== epoch || kept.number >= (numbers.at(-1) ?? 0);
        applied.push({ epoch, continues, numbers, lost, isSafe, unread, keptAtStart });
        if (isWarned || isRetrying) warned.add(epoch);
      }
    },
    onStatus({ state, reason }) {
      isRetrying = state === 'retrying';
      isWarned = WARNINGS.includes(reason?.code ?? '');
      const epoch = applied.at(-1)?.epoch;
      if (isWarned && epoch !== undefined) warned.add(epoch);
    },
    signal: stop.signal,
  });

  const stage: Stage = {
    get told() {
      return server.told;
    },
    applied,
    warned,
    tell: server.tell,
    cut: server.cut,
    async kill(arriving, isKept) {
      runtime.killBackground({ arriving });
      if (isKept) {
        disk.release();
        await turn(5);
      }
      const { mode } = disk;
      disk = disk.reopen();
      disk.mode = mode;
      keptAtStart = newestKept().number;
      // Only now, or what it still writes when it ends would be on the next one's disk.
      hub?.end();
    },
    setDisk(mode) {
      disk.mode = mode;
    },
    release: () => disk.release(),
    leaveOrReturn(how) {
      const [leaves, returns] = LIFECYCLE[how];
      if (away === null) {
        window.fire(leaves);
        page[how]();
        away = how;
      } else if (away === how) {
        page[how === 'cache' ? 'restore' : 'thaw']();
        window.fire(returns);
        away = null;
      }
    },
    hideOrShow() {
      if (away !== null) return;
      isHidden = !isHidden;
      window.setHidden(isHidden);
    },
    async finish() {
      disk.mode = 'work';
      disk.release();
      if (away !== null) stage.leaveOrReturn(away);
      if (isHidden) stage.hideOrShow();
      await pass(120_000);
      server.tell(1);
      await pass(1_000);
      stop.abort();
      hub?.end();
      runtime.killBackground();
      vi.clearAllTimers();
      vi.restoreAllMocks();
    },
  };

  stage.setDisk(diskMode);
  await pass(200);
  server.tell(1);
  await pass(200);
  return stage;
}
