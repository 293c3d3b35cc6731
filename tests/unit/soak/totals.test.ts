import { expect, test } from 'vitest';
import { createTotals } from '../../soak/totals.ts';

const NOTHING = { count: 0, again: 0, shownLost: 0, last: 0, epoch: 'e', gaps: [], isAnew: false, repeated: 0 };

test('what is missing was lost, unless the product showed it as lost', () => {
  const totals = createTotals({ fast: null });
  totals.add('page 1', { fast: { ...NOTHING, count: 10, shownLost: 3, gaps: [[4, 8, '']] } });
  expect(totals.feeds.get('fast')).toMatchObject({ applied: 10, lost: 0, shownLost: 3 });
  expect(totals.takeFaulty()).toEqual([]);
  totals.add('page 1', { fast: { ...NOTHING, count: 1, again: 1, gaps: [[10, 12, 'script']] } });
  expect(totals.feeds.get('fast')).toMatchObject({ applied: 11, lost: 1, again: 1, shownLost: 3 });
  expect(totals.takeFaulty()).toEqual(['page 1, fast: 1 lost, 1 twice, 0 shown as lost; gaps [[10,12,"script"]]']);
});

test('what a source told to nobody is not lost, what it told besides is', () => {
  const totals = createTotals({ socket: (before, after) => before <= 100 && after >= 90 });
  totals.add('page 1', {
    socket: {
      ...NOTHING,
      gaps: [
        [89, 101, ''],
        [200, 203, ''],
      ],
    },
  });
  expect(totals.feeds.get('socket')).toMatchObject({ lost: 2, unsent: 11 });
});

test('a feed that is not counted adds nothing', () => {
  const totals = createTotals({ fast: null });
  totals.add('page 1', { depth: { ...NOTHING, count: 4, again: 4 } });
  expect([...totals.feeds.keys()]).toEqual(['fast']);
});
