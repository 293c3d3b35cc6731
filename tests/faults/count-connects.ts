import type { TestPage } from '../browser/driver/test-browser.ts';

/** Instrument of the content script: counts the ports that it opens, in an attribute that the test can read. */
export const COUNT_CONNECTS = `{
  const { runtime } = globalThis.browser?.runtime ? globalThis.browser : globalThis.chrome;
  const { connect } = runtime;
  const { dataset } = document.documentElement;
  dataset.connects ??= '[]';
  runtime.connect = (...args) => {
    dataset.connects = JSON.stringify([...JSON.parse(dataset.connects), Date.now()]);
    return connect.apply(runtime, args);
  };
}`;

/** When ports were opened, epoch ms, oldest first. Needs {@link COUNT_CONNECTS}. */
export const connectTimes = (page: TestPage): Promise<number[]> =>
  page.evaluate(() => JSON.parse(document.documentElement.dataset['connects'] ?? '[]') as number[]);
