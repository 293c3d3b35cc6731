import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  COMPACT_AFTER,
  createCheckpointFile,
  joinSegments,
  LOAD_LIMIT_MS,
  SAVE_LIMIT_MS,
} from '../../../utils/feeds/checkpoint';
import type { Checkpoint, CheckpointTexts } from '../../../utils/feeds/checkpoint';
import type { KeptLog } from '../../../utils/feeds/log';
import { createPatience } from '../../../utils/feeds/patience';
import type { Segments } from '../../../utils/feeds/segments';
import { createWriteBudget, WRITE_LIMITS } from '../../../utils/feeds/write-budget';
import { createMemorySegments } from './memory-segments';
import { createWorld } from './world';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const { deps } = createWorld();
const options = () => ({
  patience: createPatience(deps),
  budget: createWriteBudget(WRITE_LIMITS.connection, deps),
});
const kept = (seq: number, updates: number[], more: Partial<KeptLog> = {}): KeptLog => ({
  epoch: 'e',
  seq,
  former: [],
  updates: updates.map((n) => [n, n, n]),
  ...more,
});
const checkpoint = (lastEventId: string | null, feeds: Record<string, KeptLog>): Checkpoint => ({ lastEventId, feeds });
const asTexts = (lastEventId: string | null, feeds: Record<string, KeptLog>): CheckpointTexts => ({
  lastEventId,
  feeds: Object.fromEntries(Object.entries(feeds).map(([key, log]) => [key, JSON.stringify(log)])),
});
const text = (isAll: boolean, lastEventId: string | null, feeds: Record<string, KeptLog>): string =>
  JSON.stringify({ version: 2, isAll, lastEventId, feeds });

describe('joinSegments', () => {
  test('puts what is new behind what was there', () => {
    expect(
      joinSegments([
        text(true, '1', { a: kept(1, [1]), b: kept(1, [1]) }),
        text(false, '3', { a: kept(3, [2, 3]) }),
        text(false, '5', { a: kept(5, [5]) }),
      ]),
    ).toEqual(checkpoint('5', { a: kept(5, [1, 2, 3, 5]), b: kept(1, [1]) }));
  });

  test('forgets another history, and goes on with the same under a new epoch', () => {
    const restarted = kept(1, [1], { epoch: 'f' });
    const reissued = kept(4, [4], { epoch: 'g', former: [{ epoch: 'e', seq: 3 }] });
    const start = text(true, null, { a: kept(2, [1, 2]) });
    expect(joinSegments([start, text(false, null, { a: restarted })])?.feeds['a']).toEqual(restarted);
    expect(joinSegments([start, text(false, null, { a: reissued })])?.feeds['a']).toEqual({
      ...reissued,
      updates: [
        [1, 1, 1],
        [2, 2, 2],
        [4, 4, 4],
      ],
    });
  });

  test('reads what the version before wrote, which named the former epochs in every segment', () => {
    const old = (log: KeptLog, isAll: boolean): string =>
      text(isAll, '1', { a: log }).replace('"version":2', '"version":1');
    const former = [{ epoch: 'd', seq: 1 }];
    expect(joinSegments([old(kept(2, [2], { former }), true), old(kept(3, [3], { former }), false)])).toEqual(
      checkpoint('1', { a: kept(3, [2, 3], { former }) }),
    );
  });

  test('takes the former epochs of the segment before where one names none', () => {
    const former = [{ epoch: 'd', seq: 1 }];
    const { former: _, ...same } = kept(3, [3]);
    expect(joinSegments([text(true, '1', { a: kept(2, [2], { former }) }), text(false, '2', { a: same })])).toEqual(
      checkpoint('2', { a: kept(3, [2, 3], { former }) }),
    );
    const { former: __, ...other } = kept(3, [3], { epoch: 'f' });
    expect(joinSegments([text(true, '1', { a: kept(2, [2]) }), text(false, '2', { a: other })])).toBeNull();
  });

  test('takes an update once that two segments have', () => {
    expect(
      joinSegments([text(true, null, { a: kept(2, [1, 2]) }), text(false, null, { a: kept(3, [2, 3]) })])?.feeds['a'],
    ).toEqual(kept(3, [1, 2, 3]));
  });

  test('begins again at a segment that says everything', () => {
    expect(joinSegments([text(true, '1', { a: kept(1, [1]) }), text(true, null, { b: kept(2, [2]) })])).toEqual(
      checkpoint(null, { b: kept(2, [2]) }),
    );
  });

  test.each([
    ['nothing', []],
    ['what is no JSON', ['{']],
    ['a piece cut off', [text(true, null, {}).slice(0, -2)]],
    ['another version', ['{"version":3,"isAll":true,"lastEventId":null,"feeds":{}}']],
    ['a first that says only what is new', [text(false, null, {})]],
    ['a broken one behind a good one', [text(true, null, {}), 'x']],
    ['updates out of order', [text(true, null, { a: kept(2, [2, 1]) })]],
    ['a log without epoch', [text(true, null, { a: kept(1, []) }).replace('"e"', '1')]],
    ['a log without updates', [text(true, null, { a: kept(1, []) }).replace('"updates":[]', '"updates":{}')]],
    ...['7', '[]', '[1,1]', '[1,1,1,1]', '["1",1,1]', '[0,1,1]', '[1,"1",1]', '[1,-1,1]', '[1,null,1]'].map(
      (update): [string, string[]] => [
        `${update} as an update`,
        [text(true, null, { a: kept(1, []) }).replace('"updates":[]', `"updates":[${update}]`)],
      ],
    ),
    ['a cursor without seq', [text(true, null, { a: kept(1, []) }).replace('[]', '[{"epoch":"x"}]')]],
    ['null', ['null']],
  ])('starts afresh from %s', (_, texts) => {
    expect(joinSegments(texts)).toBeNull();
  });
});

describe('a checkpoint file', () => {
  test('gives back what was saved, to the next background', async () => {
    const segments = createMemorySegments();
    const file = createCheckpointFile('c', segments, options());
    expect(await file.load()).toBeNull();
    expect(file.needsAll).toBe(true);
    expect(await file.save(asTexts('1', { a: kept(1, [1]) }), true)).toBe('kept');
    expect(segments.writes).toEqual([text(true, '1', { a: kept(1, [1]) })]);
    expect(file.needsAll).toBe(false);
    await file.save(asTexts('2', { a: kept(2, [2]) }), false);
    const next = createCheckpointFile('c', segments.reopen(), options());
    expect(await next.load()).toEqual(checkpoint('2', { a: kept(2, [1, 2]) }));
    expect(next.needsAll).toBe(false);
    await next.save(asTexts('3', { a: kept(3, [3]) }), false);
    expect(await createCheckpointFile('other', segments, options()).load()).toBeNull();
  });

  test('numbers go on where they were', async () => {
    const segments = createMemorySegments(new Map([['c', [[41, text(true, null, {})]]]]));
    const file = createCheckpointFile('c', segments, options());
    await file.load();
    await file.save(asTexts(null, {}), false);
    expect(segments.kept.get('c')?.map(([number]) => number)).toEqual([41, 42]);
  });

  test('replaces what it cannot read', async () => {
    const segments = createMemorySegments(new Map([['c', [[0, 'x']]]]));
    const file = createCheckpointFile('c', segments, options());
    expect(await file.load()).toBeNull();
    expect(file.needsAll).toBe(true);
    await file.save(asTexts(null, {}), true);
    expect(segments.kept.get('c')).toHaveLength(1);
    expect(await createCheckpointFile('c', segments, options()).load()).not.toBeNull();
  });

  test('wants everything anew after 2000 segments or 8 MiB', async () => {
    const file = createCheckpointFile('c', createMemorySegments(), options());
    await file.save(asTexts(null, {}), true);
    for (let i = 1; i < COMPACT_AFTER.segments; i += 1) {
      expect(file.needsAll).toBe(false);
      await file.save(asTexts(null, {}), false);
    }
    expect(file.needsAll).toBe(true);
    await file.save(asTexts(null, {}), true);
    expect(file.needsAll).toBe(false);
    await file.save(asTexts('x'.repeat(COMPACT_AFTER.characters), {}), false);
    expect(file.needsAll).toBe(true);
  });

  test('wants everything anew after 8 MiB of news, however much everything is', async () => {
    const file = createCheckpointFile('c', createMemorySegments(), options());
    const long = 'x'.repeat(COMPACT_AFTER.characters / 2);
    await file.save(asTexts(`${long}${long}${long}`, {}), true);
    expect(file.needsAll).toBe(false);
    await file.save(asTexts(null, {}), false);
    expect(file.needsAll).toBe(false);
  });

  test('does not rewrite all of a long checkpoint before twice its length is new', async () => {
    const file = createCheckpointFile('c', createMemorySegments(), options());
    const mebi = 'x'.repeat(1024 * 1024);
    await file.save(asTexts(mebi.repeat(5), {}), true);
    for (let written = 1; written <= 9; written += 1) await file.save(asTexts(mebi, {}), false);
    expect(file.needsAll).toBe(false);
    await file.save(asTexts(`${mebi}${mebi}`, {}), false);
    expect(file.needsAll).toBe(true);
  });

  test('refuses what is beyond the budget, and then wants everything', async () => {
    const segments = createMemorySegments();
    const file = createCheckpointFile('c', segments, options());
    const { burst, perSecond } = WRITE_LIMITS.connection;
    expect(await file.save(asTexts('x'.repeat(burst + perSecond), {}), true)).toBe('kept');
    expect(await file.save(asTexts('1', {}), false)).toBe('refused');
    expect(segments.writes).toHaveLength(1);
    expect(file.needsAll).toBe(true);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await file.save(asTexts('1', {}), true)).toBe('kept');
  });

  test('counts the segments that it found', async () => {
    const found = Array.from({ length: 2_000 }, (_, i): [number, string] => [i, text(true, null, {})]);
    const file = createCheckpointFile('c', createMemorySegments(new Map([['c', found]])), options());
    await file.load();
    expect(file.needsAll).toBe(true);
  });

  test('survives a database that refuses', async () => {
    const segments = createMemorySegments();
    segments.mode = 'refuse';
    const file = createCheckpointFile('c', segments, options());
    expect(await file.load()).toBeNull();
    expect(await file.save(asTexts(null, {}), true)).toBe('refused');
    segments.mode = 'work';
    expect(await file.save(asTexts(null, {}), true)).toBe('kept');
    segments.mode = 'refuse';
    await file.save(asTexts(null, {}), false);
    expect(file.needsAll).toBe(true);
  });

  test('says whether there may be what it could not read', async () => {
    const good = text(true, null, {});
    const isUnread = async (segments: Segments): Promise<boolean> => {
      const file = createCheckpointFile('c', segments, options());
      const loaded = file.load();
      await vi.advanceTimersByTimeAsync(LOAD_LIMIT_MS);
      await loaded;
      return file.isUnread;
    };
    const refusing = createMemorySegments();
    refusing.mode = 'refuse';
    const hanging = createMemorySegments();
    hanging.mode = 'hang';
    expect(await isUnread(createMemorySegments())).toBe(false);
    expect(await isUnread(createMemorySegments(new Map([['c', [[0, good]]]])))).toBe(false);
    expect(await isUnread(createMemorySegments(new Map([['c', [[0, 'x']]]])))).toBe(true);
    expect(await isUnread(refusing)).toBe(true);
    expect(await isUnread(hanging)).toBe(true);
  });

  test('survives a database that throws at once', async () => {
    const throwing = (): never => {
      throw new DOMException('denied', 'SecurityError');
    };
    const file = createCheckpointFile(
      'c',
      { ...createMemorySegments(), load: throwing, put: throwing, replace: throwing },
      options(),
    );
    expect(await file.load()).toBeNull();
    expect(await file.save(asTexts(null, {}), true)).toBe('refused');
  });

  test('does not wait for a database that never answers, nor asks it again meanwhile', async () => {
    const segments = createMemorySegments();
    segments.mode = 'hang';
    const file = createCheckpointFile('c', segments, options());
    const loaded = file.load();
    await vi.advanceTimersByTimeAsync(LOAD_LIMIT_MS);
    expect(await loaded).toBeNull();
    const saved = file.save(asTexts(null, {}), true);
    await vi.advanceTimersByTimeAsync(SAVE_LIMIT_MS);
    expect(await saved).toBe('unknown');
    expect(await file.save(asTexts(null, {}), true)).toBe('refused');
    expect(vi.getTimerCount()).toBe(0);
  });
});
