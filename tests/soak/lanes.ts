import { killIfRunning } from '../faults/kill-if-running.ts';
import { CRASH, ENDING_FAULTS, FREEZE, LASTING_FAULTS } from './page-faults.ts';
import { PANEL_FAULTS } from './panel-faults.ts';
import { createRandom, type Random } from './random.ts';
import { type Fault, SOURCE_FAULTS } from './source-faults.ts';
import type { Seat, Stage } from './stage.ts';

const BETWEEN_FAULTS_MS = [300, 2_500] as const;
const BETWEEN_KILLS_MS = [2_000, 9_000] as const;
/** From so many on, more than half of the stops must have found a background. */
const STOPS_JUDGED_FROM = 6;

/** Faults that come one after the other. Lanes have random numbers of their own: what one does changes no other. */
export interface Lane {
  random: Random;
  /** Before each fault. */
  waitMs: readonly [min: number, max: number];
  /** The next fault; `recover` is for when it throws. */
  next(random: Random): { name: string; run(): Promise<void>; recover(): Promise<void> };
}

const nothing = async (): Promise<void> => {};

/** Makes the lanes that run all the while, and the one that stops the background. */
export function createLanes(stage: Stage, seed: number): { always: Lane[]; kills: Lane } {
  const lane = (number: number, next: Lane['next'], waitMs: Lane['waitMs'] = BETWEEN_FAULTS_MS): Lane => ({
    random: createRandom(seed * 16 + number),
    waitMs,
    next,
  });
  const pick = <Target>(faults: Record<string, Fault<Target>>, random: Random): [string, Fault<Target>] =>
    random.oneOf(Object.entries(faults));
  const isChromium = stage.browser.name === 'chromium';
  const livedThrough = { ...LASTING_FAULTS, ...(isChromium && FREEZE) };
  const onSeats =
    (seats: readonly Seat[], faults: Record<string, Fault<Seat>>): Lane['next'] =>
    (random) => {
      const seat = random.oneOf(seats);
      const [name, run] = pick(faults, random);
      return { name, run: () => run(seat, random), recover: () => seat.reopen() };
    };
  const { lasting, pages, panels, sources } = stage;
  const stopBackground = createStopper(stage);
  const all = { ...livedThrough, ...ENDING_FAULTS, ...(isChromium && CRASH) };
  return {
    always: [
      lane(1, (random) => {
        const [name, run] = pick(SOURCE_FAULTS, random);
        return { name, run: () => run(sources, random), recover: nothing };
      }),
      lane(2, onSeats(pages.slice(0, 9), all)),
      lane(3, onSeats(pages.slice(9), all)),
      lane(4, onSeats([lasting], livedThrough), [2_000, 12_000]),
      lane(5, onSeats(panels, PANEL_FAULTS)),
      lane(6, () => ({ name: 'settings are changed', run: stage.changeSettings, recover: nothing }), [8_000, 20_000]),
    ],
    kills: lane(7, () => ({ name: 'background is stopped', run: stopBackground, recover: nothing }), BETWEEN_KILLS_MS),
  };
}

/**
 * Stops the background each time it is called. On a busy machine it may not stop for 10 s, which counts as no stop.
 * The stops fail when most of them found no background: then the pages live through something else than is said.
 */
function createStopper({ browser }: Stage): () => Promise<void> {
  let tried = 0;
  let real = 0;
  return async () => {
    tried += 1;
    const isReal = await killIfRunning(browser.extension).catch((error: Error) => {
      if (!error.message.startsWith('Cannot see "stopped background"')) throw error;
      return false;
    });
    if (isReal) real += 1;
    if (tried >= STOPS_JUDGED_FROM && real * 2 <= tried) {
      throw new Error(`Cannot stop the background often enough: ${real} of ${tried} times it ran`);
    }
  };
}
