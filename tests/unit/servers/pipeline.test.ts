import { describe, expect, it } from 'vitest';
import { createPipeline, type Moment } from '../../servers/pipeline';

const play = (seed: number, steps: number): Moment[] => {
  const pipeline = createPipeline(seed);
  return Array.from({ length: steps }, () => pipeline.tell(pipeline.latest.step));
};

describe('pipeline', () => {
  it('pipeline tells the same story for the same seed and another for another', () => {
    expect(play(1, 200)).toEqual(play(1, 200));
    expect(play(1, 200)).not.toEqual(play(2, 200));
  });

  it('pipeline stays possible: 8 runners, a bounded queue, one thing at a time', () => {
    const moments = play(7, 20_000);
    for (const [i, moment] of moments.slice(1).entries()) {
      const before = moments[i] as Moment;
      const finished = moment.passed + moment.failed - before.passed - before.failed;
      const started = moment.running - before.running + finished;
      const queued = moment.queue - before.queue + started;
      expect([finished, started, queued].toSorted()).toEqual([0, 0, 1]);
      expect(moment.running).toBeLessThanOrEqual(8);
      expect(moment.queue).toBeLessThan(100);
      expect(Math.min(moment.running, moment.queue, moment.errorRate)).toBeGreaterThanOrEqual(0);
      expect(moment.errorRate).toBeLessThanOrEqual(100);
    }
  });

  it('pipeline tells two callers the same moment, whoever comes first', () => {
    const pipeline = createPipeline(1);
    const first = pipeline.tell(pipeline.latest.step);
    expect(pipeline.tell(first.step - 1)).toBe(first);
    expect(pipeline.tell(first.step).step).toBe(first.step + 1);
  });
});
