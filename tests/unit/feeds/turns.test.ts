import { expect, test } from 'vitest';
import { createTurns, TURN_MS } from '../../../utils/feeds/turns';

test('a source goes on at once while its turn lasts, and then behind the tasks that wait', async () => {
  let now = 0;
  let run = (): void => undefined;
  const turn = createTurns({
    uptime: () => now,
    nextTask: () =>
      new Promise((resolve) => {
        run = resolve;
      }),
  });
  expect(turn()).toBeNull();
  now += TURN_MS - 1;
  expect(turn()).toBeNull();
  now += 1;
  const over = turn();
  expect(over).not.toBeNull();
  now += 1_000;
  run();
  await over;
  expect(turn()).toBeNull();
  now += TURN_MS;
  expect(turn()).not.toBeNull();
});
