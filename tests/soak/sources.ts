import type { Feed } from '../../utils/feeds/feed.ts';
import type { Settings } from '../../utils/settings/settings.ts';
import { type Demo, startDemo } from '../servers/demo.ts';

/** Silence after which an open source counts as dead, in ms: short, so that a soak sees it often. */
const SILENT_AFTER_MS = 5_000;

/** How often each source says something, a second. */
export const PER_SECOND = { fast: 500, steady: 50, socket: 100, depth: 10 } as const;

/** Another host than that of the other pages, so that its page has a process, and a heap, of its own. */
export const LASTING_HOST = 'soak.example.com';

/** Ids of the feeds. The first three count from 1 without a gap. */
export type SoakFeed = keyof typeof PER_SECOND;

/** The demo's sources twice, as four: two event streams, a WebSocket and an address that is asked. */
export interface SoakSources {
  /** Serves the pages too. */
  readonly fast: Demo;
  readonly steady: Demo;
  /** Settings with all of them; with another `unit` they are other settings. */
  settings(unit: string): Settings;
  /** All say as much a second as they should, or nothing. */
  run(isOn: boolean): void;
  /**
   * As much as the background keeps of each, so that from then on it keeps no more. In 12 s, so that no page falls behind
   * by what is kept.
   */
  fill(): Promise<void>;
  close(): Promise<void>;
}

const FILL = { parts: 12, count: 3_000, everyMs: 1_000 } as const;

const numbers = (id: SoakFeed, { port }: Demo): Feed => ({
  id,
  name: id,
  kind: 'event',
  source: {
    type: 'sse',
    address: `http://localhost:${port}/events`,
    event: null,
    consecutiveIds: true,
    silentAfterMs: SILENT_AFTER_MS,
  },
  path: '$.n',
  unit: '',
  paceMs: 1_000,
});

export async function startSources(): Promise<SoakSources> {
  const fast = await startDemo({ port: 0 });
  const steady = await startDemo({ port: 0 });
  const socket: Feed = {
    ...numbers('socket', fast),
    source: {
      type: 'websocket',
      address: `ws://localhost:${fast.port}/socket`,
      onConnect: [],
      format: 'json',
      silentAfterMs: SILENT_AFTER_MS,
    },
  };
  const depth: Feed = {
    ...numbers('depth', fast),
    kind: 'state',
    source: { type: 'poll', address: `${fast.url}/pipeline.json` },
    path: '$.queue.depth',
  };
  const sources: SoakSources = {
    fast,
    steady,
    settings: (unit) => ({
      version: 1,
      feeds: [numbers('fast', fast), numbers('steady', steady), socket, { ...depth, unit }],
      sites: [{ id: 'soak', patterns: ['http://localhost/*', `http://${LASTING_HOST}/*`], feeds: null }],
    }),
    run(isOn) {
      const rate = (perSecond: number) => ({ action: 'rate', perSecond: isOn ? perSecond : 0 }) as const;
      fast.control('events', rate(PER_SECOND.fast));
      steady.control('events', rate(PER_SECOND.steady));
      fast.control('socket', rate(PER_SECOND.socket));
      fast.control('json', rate(PER_SECOND.depth));
    },
    async fill() {
      for (let part = 0; part < FILL.parts; part += 1) {
        for (const [demo, source] of [
          [fast, 'events'],
          [steady, 'events'],
          [fast, 'socket'],
        ] as const) {
          demo.control(source, { action: 'burst', count: FILL.count });
        }
        await new Promise((resolve) => {
          setTimeout(resolve, FILL.everyMs);
        });
      }
    },
    async close() {
      await Promise.all([fast.close(), steady.close()]);
    },
  };
  // What the demos say by themselves before anybody asked.
  sources.run(false);
  return sources;
}
