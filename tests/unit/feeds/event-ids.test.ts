import { expect, test } from 'vitest';
import { compareIds } from '../../../utils/feeds/event-ids';

test.each([
  [null, '7', { kind: 'first' }],
  ['', '7', { kind: 'first' }],
  ['abc', '7', { kind: 'first' }],
  ['7', '8', { kind: 'next' }],
  ['9', '10', { kind: 'next' }],
  ['7', '7', { kind: 'same' }],
  ['7', '07', { kind: 'same' }],
  ['7', '9', { kind: 'gap', missed: 1 }],
  ['7', '107', { kind: 'gap', missed: 99 }],
  ['7', '6', { kind: 'restarted' }],
  ['7', '0', { kind: 'restarted' }],
  ['7', '', { kind: 'unnumbered' }],
  ['7', '-8', { kind: 'unnumbered' }],
  ['7', '8.5', { kind: 'unnumbered' }],
  ['7', '9999999999999999', { kind: 'unnumbered' }],
])('after %j comes %j', (last, id, step) => {
  expect(compareIds(last, id)).toEqual(step);
});
