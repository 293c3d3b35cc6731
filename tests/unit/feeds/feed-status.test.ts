import { expect, test } from 'vitest';
import { feedStatus } from '../../../utils/feeds/feed-status';
import type { FeedCondition } from '../../../utils/feeds/feed-status';

const because = (code: string) => ({ code, detail: '' });
const live: FeedCondition = {
  kind: 'state',
  source: { state: 'live', reason: null, retryAt: null },
  hasValue: true,
  isOverdue: false,
  path: null,
  bad: null,
  notKept: null,
  mayHaveMissed: null,
};
const path = because('path');
const bad = because('bad-data');
const notKept = because('not-kept');
const mayHaveMissed = because('may-have-missed');
const refused = { state: 'live', reason: because('resume-refused'), retryAt: null } as const;

test.each<[Partial<FeedCondition>, string, string | null]>([
  [{}, 'live', null],
  [{ hasValue: false }, 'waiting', null],
  [{ hasValue: false, bad }, 'waiting', 'bad-data'],
  [{ hasValue: false, kind: 'event' }, 'live', null],
  [{ path }, 'stale', 'path'],
  [{ path, hasValue: false }, 'waiting', 'path'],
  [{ path, hasValue: false, kind: 'event' }, 'waiting', 'path'],
  [{ path, bad, isOverdue: true }, 'stale', 'path'],
  [{ isOverdue: true }, 'stale', null],
  [{ isOverdue: true, bad }, 'stale', 'bad-data'],
  [{ bad, notKept, mayHaveMissed }, 'live', 'bad-data'],
  [{ notKept, mayHaveMissed }, 'live', 'not-kept'],
  [{ mayHaveMissed }, 'live', 'may-have-missed'],
  [{ mayHaveMissed, kind: 'event', source: refused }, 'live', 'resume-refused'],
  [{ notKept, kind: 'event', source: refused }, 'live', 'not-kept'],
  [{ source: refused }, 'live', null],
])('of a live source with %j is %s, %s', (condition, state, code) => {
  expect(feedStatus({ ...live, ...condition })).toEqual({
    state,
    reason: code === null ? null : because(code),
    retryAt: null,
  });
});

test.each(['waiting', 'stale', 'retrying', 'blocked'] as const)('of a source that is %s is the same', (state) => {
  const source = { state, reason: because('network'), retryAt: 5 };
  expect(feedStatus({ ...live, source, path, bad, notKept, isOverdue: true })).toEqual(source);
});
