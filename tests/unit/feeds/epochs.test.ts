import { describe, expect, test } from 'vitest';
import { createEpochId, createEpochs, MAX_FORMER } from '../../../utils/feeds/epochs';

function counted(name: string) {
  let count = 0;
  return () => `${name}${(count += 1)}`;
}

describe('epochs', () => {
  test('find the place of a cursor of this one, and of those before up to where each ended', () => {
    const epochs = createEpochs(counted('e'));
    epochs.renew(5, null);
    expect(epochs.current).toBe('e2');
    for (const [epoch, seq, place] of [
      ['e2', 7, { after: 7, continues: true }],
      ['e2', 8, null],
      ['e1', 5, { after: 5, continues: true }],
      ['e1', 6, null],
      ['x', 0, null],
    ] as const) {
      expect(epochs.find({ epoch, seq }, 7)).toEqual(place);
    }
    epochs.restart();
    expect(epochs.find({ epoch: 'e2', seq: 1 }, 7)).toBeNull();
  });

  test('find the place of a cursor that only its name connects with this history', () => {
    const gone = createEpochs(counted('gone'));
    gone.renew(12, 10);
    const here = createEpochs(counted('here'), { epoch: 'gone1' });
    expect(here.find({ epoch: gone.current, seq: 20 }, 15)).toEqual({ after: 10, continues: false });
    expect(here.find({ epoch: gone.current, seq: 9 }, 15)).toEqual({ after: 9, continues: true });
    // Less is here than was kept then: it is not that history.
    expect(here.find({ epoch: gone.current, seq: 20 }, 9)).toBeNull();
  });

  test.each(['a~b', 'a~gone1', 'a~gone1~', 'a~gone1~-5', 'a~gone1~x!', '~~', 'a~~0'])(
    'make nothing of the name "%s" that a page made up, beyond what it would have had',
    (epoch) => {
      const here = createEpochs(counted('here'), { epoch: 'gone1' });
      expect(here.find({ epoch, seq: 3 }, 2)?.continues ?? false).toBe(false);
    },
  );

  test('remember 1000 of those before', () => {
    const epochs = createEpochs(counted('e'));
    for (let time = 0; time <= MAX_FORMER; time += 1) epochs.renew(time, null);
    expect(epochs.former).toHaveLength(MAX_FORMER);
    expect(epochs.find({ epoch: 'e1', seq: 0 }, 2_000)).toBeNull();
    expect(epochs.find({ epoch: 'e2', seq: 0 }, 2_000)).not.toBeNull();
  });
});

test('createEpochId makes ids that differ, of which two and a number fit into what a port takes', () => {
  const ids = Array.from({ length: 1_000 }, createEpochId);
  expect(new Set(ids).size).toBe(1_000);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{24}$/);
});
