import type { Demo } from '../servers/demo.ts';

/** Notes when the events source of a demo is asked, in ms of `performance.now()`, from now on. Once for each demo. */
export function noteRequestTimes({ events }: Demo): readonly number[] {
  const times: number[] = [];
  const { answer } = events;
  events.answer = (request, response) => {
    times.push(performance.now());
    answer(request, response);
  };
  return times;
}
