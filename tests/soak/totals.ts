import type { AppliedByFeed } from './watch-values.ts';

/** What all documents applied of one feed. */
export interface FeedTotal {
  applied: number;
  /** Neither applied nor shown as lost by the product, nor kept back by a source that cannot send it again. */
  lost: number;
  /** Twice or out of order. */
  again: number;
  shownLost: number;
  /** Shown again in the empty panel of a script that took another's place in the same document. */
  repeated: number;
  /** Told by the source while it was not connected, or silent, and cannot send again. */
  unsent: number;
}

/** Adds up what documents applied. */
export interface Totals {
  readonly feeds: ReadonlyMap<string, FeedTotal>;
  /** Documents that were watched. */
  documents: number;
  /** Documents that did not come back from the browser's cache: others came in their place. */
  evicted: number;
  /** `page`: whose it is, for what is said of a loss. */
  add(page: string, byFeed: AppliedByFeed): void;
  /** What was lost, twice or out of order since the last call: in which page, and between which values. */
  takeFaulty(): string[];
}

/** Says whether a source was not connected, or did not send, at any moment between two of its numbers. */
type WasBroken = (before: number, after: number) => boolean;

/** `wasBroken`: by feed; `null` where the source sends again what it told meanwhile. */
export function createTotals(wasBroken: Readonly<Record<string, WasBroken | null>>): Totals {
  const feeds = new Map(
    Object.keys(wasBroken).map((feed): [string, FeedTotal] => [
      feed,
      { applied: 0, lost: 0, again: 0, shownLost: 0, repeated: 0, unsent: 0 },
    ]),
  );
  let faulty: string[] = [];
  return {
    feeds,
    documents: 0,
    evicted: 0,
    add(page, byFeed) {
      for (const [feed, { count, again, shownLost, repeated, gaps }] of Object.entries(byFeed)) {
        const total = feeds.get(feed);
        if (!total) continue;
        const isBroken = wasBroken[feed] ?? (() => false);
        let [missing, unsent] = [0, 0];
        for (const [before, after] of gaps) {
          missing += after - before - 1;
          if (isBroken(before, after)) unsent += after - before - 1;
        }
        total.applied += count;
        total.again += again;
        total.shownLost += shownLost;
        total.repeated += repeated;
        total.unsent += unsent;
        const lost = missing - shownLost - unsent;
        total.lost += lost;
        if (lost !== 0 || again > 0) {
          faulty.push(
            `${page}, ${feed}: ${lost} lost, ${again} twice, ${shownLost} shown as lost; gaps ${JSON.stringify(gaps)}`,
          );
        }
      }
    },
    takeFaulty() {
      const taken = faulty;
      faulty = [];
      return taken;
    },
  };
}
