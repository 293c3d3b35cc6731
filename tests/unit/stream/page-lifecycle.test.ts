import { describe, expect, test } from 'vitest';
import { watchPageLifecycle } from '../../../utils/stream/page-lifecycle';
import { createFakeWindow } from '../../fakes/window';

function watch(options = {}) {
  const page = createFakeWindow(options);
  const told: string[] = [];
  const stop = new AbortController();
  const { blockers } = watchPageLifecycle(page.window, (type, blocker) => told.push(`${type} ${blocker}`), stop.signal);
  return { page, told, stop, blockers };
}

describe('page lifecycle', () => {
  test.each([
    [{}, []],
    [{ hidden: true }, ['hidden']],
    [{ prerendering: true, hidden: true }, ['prerendering', 'hidden']],
  ])('finds a page with %j blocked by %j', (options, blockers) => {
    expect(watch(options).blockers).toEqual(blockers);
  });

  test('tells of each way out and back', () => {
    const { page, told } = watch();
    page.setHidden(true);
    page.fire('freeze');
    page.fire('resume');
    page.fire('pagehide');
    page.fire('pageshow');
    page.fire('prerenderingchange');
    page.setHidden(false);
    expect(told).toEqual([
      'blocked hidden',
      'blocked frozen',
      'unblocked frozen',
      'blocked cached',
      'unblocked cached',
      'unblocked prerendering',
      'unblocked hidden',
    ]);
  });

  test('takes no word of the page for it', () => {
    const { page, told } = watch();
    page.fire('freeze', false);
    expect(told).toEqual([]);
  });

  test('leaves no listener behind', () => {
    const { page, stop } = watch();
    expect(page.listenerCount()).toBeGreaterThan(0);
    stop.abort();
    expect(page.listenerCount()).toBe(0);
  });
});
