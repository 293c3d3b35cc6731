import type { TestPage } from '../tests/browser/driver/test-browser.ts';
import type { Order, Tally } from './extension/driven.ts';

/** A page of the measuring extension that obeys, opened at `?driven`. */
export interface DrivenPage {
  /** Resolves when all receivers have their port. */
  open(order: Order): Promise<void>;
  close(): Promise<void>;
  tally(): Promise<Tally>;
  /** Blocks the page's thread; resolves after it. */
  block(ms: number): Promise<void>;
}

/** Runs in the page. */
function give(name: string, order: string): string {
  const { dataset } = document.documentElement;
  dataset['order'] = order;
  document.dispatchEvent(new Event(name));
  return dataset['tally'] ?? '';
}

export async function drivePage(page: TestPage): Promise<DrivenPage> {
  await page.waitFor('a page that obeys', 'document.documentElement.dataset.obeys !== undefined');
  const tally = async (): Promise<Tally> => JSON.parse(await page.evaluate(give, 'bench-tally', '')) as Tally;
  return {
    async open(order) {
      await page.evaluate(give, 'bench-open', JSON.stringify(order));
      while ((await tally()).opened < order.count);
    },
    async close() {
      await page.evaluate(give, 'bench-close', '');
    },
    tally,
    async block(ms) {
      await page.evaluate(give, 'bench-block', String(ms));
    },
  };
}
