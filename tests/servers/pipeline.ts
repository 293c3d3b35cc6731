/** How much a log line matters. */
export type Level = 'info' | 'warn' | 'error';

/** The pipeline after one thing happened in it. */
export interface Moment {
  /** Counts what has happened, from 1. */
  step: number;
  /** Builds waiting for a runner. */
  queue: number;
  /** Builds on a runner, 0 to 8. */
  running: number;
  passed: number;
  failed: number;
  /** Failed builds among the last 50 finished ones, in percent with one decimal. */
  errorRate: number;
  /** What happened, for a log. */
  line: string;
  level: Level;
}

export interface Pipeline {
  readonly latest: Moment;
  /**
   * The newest moment, after letting one more thing happen if the caller has told of the newest already.
   * Callers that tell at the same pace so tell the same story, whoever comes first.
   * @param told `step` of the last moment the caller told, 0 for none
   */
  tell(told: number): Moment;
}

const RUNNERS = 8;
const REMEMBERED = 50;
const BRANCHES = ['main', 'release', 'fix/login', 'docs', 'deps/weekly'];

/** The same numbers for the same seed (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A build pipeline with 8 runners, played one event at a time: a build is queued, starts, passes or fails.
 * @param seed the same seed gives the same story
 */
export function createPipeline(seed: number): Pipeline {
  const random = createRandom(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const queued: number[] = [];
  const onRunner: number[] = [];
  const results: boolean[] = [];
  let build = 4180;
  let passed = 0;
  let failed = 0;

  const moment = (step: number, line: string, level: Level): Moment => {
    const bad = results.filter((ok) => !ok).length;
    const errorRate = results.length === 0 ? 0 : Math.round((bad / results.length) * 1000) / 10;
    return { step, queue: queued.length, running: onRunner.length, passed, failed, errorRate, line, level };
  };

  const enqueue = (): [string, Level] => {
    build += 1;
    queued.push(build);
    return [`build ${build} queued from ${pick(BRANCHES)}`, queued.length > 16 ? 'warn' : 'info'];
  };
  const start = (): [string, Level] => {
    const started = queued.shift() ?? build;
    onRunner.push(started);
    return [`build ${started} started on runner ${1 + Math.floor(random() * RUNNERS)}`, 'info'];
  };
  const finish = (step: number): [string, Level] => {
    const [finished = build] = onRunner.splice(Math.floor(random() * onRunner.length), 1);
    // A bad hour comes and goes, so that the error rate has something to show.
    const ok = random() > 0.06 + 0.2 * Math.max(0, Math.sin(step / 90));
    results.push(ok);
    if (results.length > REMEMBERED) results.shift();
    if (ok) passed += 1;
    else failed += 1;
    const seconds = 40 + Math.floor(random() * 400);
    return ok
      ? [`build ${finished} passed in ${seconds} s`, 'info']
      : [`build ${finished} failed after ${seconds} s: ${pick(['test', 'lint', 'link', 'timeout'])}`, 'error'];
  };

  const happen = (step: number): [string, Level] => {
    const arrivals = 0.36 + 0.14 * Math.sin(step / 40);
    if (random() < arrivals && queued.length < 40) return enqueue();
    if (queued.length > 0 && onRunner.length < RUNNERS && random() < 0.6) return start();
    return onRunner.length > 0 ? finish(step) : enqueue();
  };

  let latest = moment(0, '', 'info');
  const advance = (): void => {
    const step = latest.step + 1;
    const [line, level] = happen(step);
    latest = moment(step, line, level);
  };
  // The first viewer meets a pipeline at work, not an empty one.
  for (let step = 0; step < 60; step += 1) advance();

  return {
    get latest() {
      return latest;
    },
    tell(told) {
      if (latest.step <= told) advance();
      return latest;
    },
  };
}
