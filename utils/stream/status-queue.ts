import type { FeedReader } from './feed-reader';
import type { ToPage } from './protocol';

/**
 * `STATUS` of one feed that may leave before the page is heard, at most. They take no credit: a feed whose status changes with
 * every tick would fill the memory of a page that is frozen.
 */
export const MAX_UNHEARD = 16;

/** A status is a few short texts, all bounded where they are made. */
const MAX_STATUS_BYTES = 4_096;

/** The statuses that a port has to send: of each feed the newest, at most one for each interval. */
export interface StatusQueue {
  /** Nothing more may leave, no updates either, before {@link StatusQueue.heard}. */
  readonly isHeld: boolean;
  /** When there is something to send, in ms; `Infinity`: never. */
  readonly dueAt: number;
  add(reader: FeedReader): void;
  /** Sends what may leave, whatever is due. */
  send(now: number): void;
  /** The page said something. */
  heard(): void;
}

/** @param post posts a message of so many bytes at most */
export function createStatusQueue(everyMs: number, post: (message: ToPage, bytes: number) => void): StatusQueue {
  const waiting = new Set<FeedReader>();
  /** How many of each feed left since the page was heard. */
  const unheard = new Map<FeedReader, number>();
  let sentAt = -Infinity;
  let isHeld = false;

  return {
    get isHeld() {
      return isHeld;
    },
    get dueAt() {
      return waiting.size > 0 ? sentAt + everyMs : Infinity;
    },
    add: (reader) => void waiting.add(reader),
    send(now) {
      for (const reader of waiting) {
        const count = unheard.get(reader) ?? 0;
        isHeld ||= count >= MAX_UNHEARD;
        if (count >= MAX_UNHEARD) continue;
        unheard.set(reader, count + 1);
        waiting.delete(reader);
        sentAt = now;
        post({ type: 'STATUS', ...reader.status }, MAX_STATUS_BYTES);
      }
    },
    heard() {
      unheard.clear();
      isHeld = false;
    },
  };
}
