import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { beginRequest } from '../../../utils/feeds/http';
import { createRedirects } from '../../../utils/feeds/redirects';
import { answerOf, createWorld, redirect, redirectAnswer } from './world';

const ADDRESS = 'https://example.com/x';
const HEADERS = { Accept: 'application/json' };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function createBench() {
  const world = createWorld();
  const options = { deps: world.deps, signal: new AbortController().signal };
  const beginAttempt = createRedirects(ADDRESS, options);
  const ways = () => world.asked.map(({ init }) => init.redirect);
  return { world, ways, beginAttempt, begin: () => beginRequest(options) };
}

describe('a source', () => {
  test('that answers by itself is asked once, and nothing is followed', async () => {
    const { world, ways, beginAttempt, begin } = createBench();
    const attempt = beginAttempt();
    const asked = attempt.ask(HEADERS, begin());
    const answer = answerOf('1');
    (await world.request()).answer(answer);
    expect([await asked, attempt.hasFollowed, ways()]).toEqual([answer, false, ['manual']]);
  });

  test('that does not answer is not asked in another way', async () => {
    const { world, ways, beginAttempt, begin } = createBench();
    const attempt = beginAttempt();
    const asked = attempt.ask(HEADERS, begin());
    (await world.request()).fail();
    expect([await asked, attempt.hasFollowed, ways()]).toEqual([null, false, ['manual']]);
  });

  test('that redirects is followed with the same headers, and remembered where nothing answers', async () => {
    const { world, ways, beginAttempt, begin } = createBench();
    const attempt = beginAttempt();
    const asked = attempt.ask(HEADERS, begin());
    (await redirect(world)).fail();
    expect([await asked, attempt.hasFollowed]).toEqual([null, true]);
    expect(world.asked.map(({ headers }) => headers)).toEqual([HEADERS, HEADERS]);
    void beginAttempt().ask(HEADERS, begin());
    expect(ways()).toEqual(['manual', 'follow', 'follow']);
  });

  test('is followed once in an attempt', async () => {
    const { world, ways, beginAttempt, begin } = createBench();
    const attempt = beginAttempt();
    const first = attempt.ask(HEADERS, begin());
    (await redirect(world)).fail();
    await first;
    expect(await attempt.ask({}, begin())).toBeNull();
    expect(ways()).toEqual(['manual', 'follow']);
  });

  test('is followed once in an attempt also when it answered by itself in between', async () => {
    const { world, ways, beginAttempt, begin } = createBench();
    const attempt = beginAttempt();
    const first = attempt.ask(HEADERS, begin());
    (await redirect(world)).answer(answerOf('1'));
    await first;
    const second = attempt.ask(HEADERS, begin());
    (await world.request()).answer(redirectAnswer());
    expect(await second).toBeNull();
    expect(ways()).toEqual(['manual', 'follow', 'manual']);
  });
});
