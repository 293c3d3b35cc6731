import { describe, expect, it } from 'vitest';
import type { StreamState } from '../../../utils/stream/subscriber';
import { ANNOUNCE_AFTER_MS, type Announcement, createAnnouncer } from '../../../utils/ui/announcer';

type Step = [stream: StreamState['name'], atMs: number, says?: Announcement];

describe('announcer', () => {
  it.each<{ says: string; steps: Step[] }>([
    {
      says: 'nothing of a start that takes long',
      steps: [
        ['connecting', 0],
        ['waiting', 60_000],
        ['live', 61_000],
      ],
    },
    {
      says: 'nothing of a background that restarts',
      steps: [
        ['live', 0],
        ['waiting', 10],
        ['connecting', 100],
        ['live', ANNOUNCE_AFTER_MS + 9],
      ],
    },
    {
      says: 'lost and back, once each',
      steps: [
        ['live', 0],
        ['waiting', 10],
        ['connecting', ANNOUNCE_AFTER_MS + 9],
        ['waiting', ANNOUNCE_AFTER_MS + 10, 'lost'],
        ['waiting', 60_000],
        ['live', 61_000, 'back'],
        ['live', 62_000],
      ],
    },
    {
      says: 'nothing of a pause',
      steps: [
        ['live', 0],
        ['paused', 10],
        ['paused', 60_000],
        ['live', 61_000],
      ],
    },
    {
      says: 'nothing of the time before a pause',
      steps: [
        ['live', 0],
        ['waiting', 10],
        ['paused', 20],
        ['waiting', 60_000],
        ['waiting', 61_000],
        ['live', 62_000],
      ],
    },
    {
      says: 'back after a pause in which it was still lost',
      steps: [
        ['live', 0],
        ['waiting', 0],
        ['waiting', ANNOUNCE_AFTER_MS, 'lost'],
        ['paused', 5_000],
        ['live', 6_000, 'back'],
      ],
    },
    {
      says: 'lost of a stream that ended',
      steps: [
        ['live', 0],
        ['closed', 10],
        ['closed', 60_000, 'lost'],
      ],
    },
  ])('says $says', ({ steps }) => {
    const announce = createAnnouncer();
    expect(steps.map(([stream, atMs]) => announce(stream, atMs))).toEqual(steps.map(([, , says]) => says ?? null));
  });
});
