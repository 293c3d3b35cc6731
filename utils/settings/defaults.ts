import type { Feed } from '../feeds/feed';
import { type Settings, SETTINGS_VERSION } from './settings';

const PULSE: Feed[] = [
  {
    id: 'pulse-uptime',
    name: 'Background uptime',
    kind: 'state',
    source: { type: 'pulse' },
    path: '$.uptime',
    unit: 's',
    paceMs: 1_000,
  },
  {
    id: 'pulse-streams',
    name: 'Open streams',
    kind: 'state',
    source: { type: 'pulse' },
    path: '$.openStreams',
    unit: '',
    paceMs: 1_000,
  },
];

/** What a new install shows: the background's own pulse in popup and side panel, and nothing on any page. */
export const STORE_DEFAULTS: Settings = { version: SETTINGS_VERSION, feeds: PULSE, sites: [] };

const DEMO = 'localhost:4100';

/** `npm start` and `npm run dev`: the demo sources of tests/servers on the demo page. */
export const DEVELOPMENT_DEFAULTS: Settings = {
  version: SETTINGS_VERSION,
  feeds: [
    {
      id: 'queue-depth',
      name: 'Queue depth',
      kind: 'state',
      source: { type: 'poll', address: `http://${DEMO}/pipeline.json` },
      path: '$.queue.depth',
      unit: 'jobs',
      paceMs: 2_000,
    },
    {
      id: 'running-builds',
      name: 'Running builds',
      kind: 'state',
      source: {
        type: 'websocket',
        address: `ws://${DEMO}/socket`,
        onConnect: [],
        format: 'json',
        silentAfterMs: 15_000,
      },
      path: '$.running',
      unit: 'builds',
      paceMs: 1_000,
    },
    {
      id: 'error-rate',
      name: 'Error rate',
      kind: 'state',
      source: {
        type: 'sse',
        address: `http://${DEMO}/events`,
        event: null,
        consecutiveIds: true,
        silentAfterMs: 20_000,
      },
      path: '$.errorRate',
      unit: '%',
      paceMs: 1_000,
    },
    {
      id: 'build-log',
      name: 'Build log',
      kind: 'event',
      source: {
        type: 'sse',
        address: `http://${DEMO}/events`,
        event: null,
        consecutiveIds: true,
        silentAfterMs: 20_000,
      },
      path: '$.line',
      unit: '',
      paceMs: 1_000,
    },
    ...PULSE,
  ],
  sites: [{ id: 'demo', patterns: ['http://localhost/*', '*://*.example.com/*'], feeds: null }],
};

/** The defaults of this build. */
export const DEFAULTS = import.meta.env.MODE === 'production' ? STORE_DEFAULTS : DEVELOPMENT_DEFAULTS;
