import type { TestPage } from '../browser/driver/test-browser.ts';
import { type ShownRow, waitForRow } from '../browser/panel.ts';
import { LIMIT_MS } from './watched-page.ts';

/** Opens what the panel says of a feed, so that its row has the reason in its text. */
export async function openDetails(page: TestPage, name: string): Promise<void> {
  await waitForRow(page, name, () => true);
  await page.inShadows((roots: ShadowRoot[], wanted: string) => {
    for (const row of roots.flatMap((root) => [...root.querySelectorAll<HTMLElement>('.feed')])) {
      const [button] = row.querySelector('slot')?.assignedElements() ?? [];
      if (row.querySelector<HTMLElement>('.name')?.dataset['text'] !== wanted) continue;
      if (button?.ariaExpanded === 'false') (button as HTMLElement).click();
    }
  }, name);
}

/** Waits until the row of a feed is in this state and its text has these words. */
export const waitForReason = (
  page: TestPage,
  name: string,
  state: string,
  words = '',
  limitMs = LIMIT_MS,
): Promise<ShownRow> => waitForRow(page, name, (row) => row.state === state && row.text.includes(words), limitMs);
