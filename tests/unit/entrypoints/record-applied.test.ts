import { afterEach, expect, test, vi } from 'vitest';
import { recordApplied } from '../../../entrypoints/updates.content/record-applied';
import type { FeedBatch } from '../../../utils/stream/protocol';
import { createDom } from '../../fakes/dom';

afterEach(() => {
  vi.unstubAllGlobals();
});

test('what was applied is told to the page as one event, as JSON', () => {
  const { window, document } = createDom();
  vi.stubGlobal('document', document);
  vi.stubGlobal('CustomEvent', window.CustomEvent);
  const batches: FeedBatch[] = [
    {
      feed: 'log',
      epoch: 'e',
      updates: [{ seq: 1, at: 2, value: { a: '"' } }],
      merged: 0,
      lost: 0,
      continues: true,
      confirmedAt: null,
    },
  ];
  const told: unknown[] = [];
  document.addEventListener('tidings-applied', (event) => told.push((event as CustomEvent).detail));
  recordApplied(batches);
  expect(told).toEqual([JSON.stringify(batches)]);
});
