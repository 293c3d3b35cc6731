import type { FaultRow } from './row.ts';
import { BROKEN_BACKGROUND_ROWS } from './rows/broken-background.ts';
import { EXTENSION_PAGE_ROWS } from './rows/extension-pages.ts';
import { EXTENSION_ROWS } from './rows/extension.ts';
import { FLOOD_ROWS } from './rows/flood.ts';
import { HOSTILE_SOURCE_ROWS } from './rows/hostile-source.ts';
import { IDLE_ROWS } from './rows/idle.ts';
import { MACHINE_ROWS } from './rows/machine.ts';
import { PAGE_LIFE_ROWS } from './rows/page-life.ts';
import { PAGE_ROWS } from './rows/page.ts';
import { PORT_ROWS } from './rows/ports.ts';
import { PRERENDER_ROWS } from './rows/prerender.ts';
import { SETTINGS_ROWS } from './rows/settings.ts';
import { SOURCE_ROWS } from './rows/source.ts';
import { STORAGE_ROWS } from './rows/storage.ts';
import { TAB_ROWS } from './rows/tab.ts';
import { TAKEN_OVER_ROWS } from './rows/taken-over.ts';
import { WORKER_ROWS } from './rows/worker.ts';

/** All faults, by number. */
export const FAULT_ROWS: readonly FaultRow[] = [
  WORKER_ROWS,
  IDLE_ROWS,
  EXTENSION_ROWS,
  PAGE_LIFE_ROWS,
  PORT_ROWS,
  PAGE_ROWS,
  SETTINGS_ROWS,
  EXTENSION_PAGE_ROWS,
  TAB_ROWS,
  TAKEN_OVER_ROWS,
  MACHINE_ROWS,
  STORAGE_ROWS,
  PRERENDER_ROWS,
  SOURCE_ROWS,
  HOSTILE_SOURCE_ROWS,
  FLOOD_ROWS,
  BROKEN_BACKGROUND_ROWS,
]
  .flat()
  .toSorted((a, b) => a.number - b.number);
