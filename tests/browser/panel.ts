import type { TestPage } from './driver/test-browser.ts';
import { waitFor } from './driver/wait-for.ts';

/** What the row of a feed shows in the panel. */
export interface ShownRow {
  name: string;
  value: string;
  state: string;
  text: string;
}

/** The rows of the panel, top to bottom; none while there is no panel. What they show is generated content, for the page not to find it. */
export const shownRows = (page: TestPage): Promise<ShownRow[]> =>
  page
    .inShadows((roots: ShadowRoot[]) =>
      roots
        .flatMap((root) => [...root.querySelectorAll<HTMLElement>('.feed')])
        .map((row) => {
          const text = (selector: string): string => row.querySelector<HTMLElement>(selector)?.dataset['text'] ?? '';
          const all = [...row.querySelectorAll<HTMLElement>('[data-text]:not([hidden])')].map(
            (part) => part.dataset['text'],
          );
          return { name: text('.name'), value: text('.value'), state: row.dataset['state'] ?? '', text: all.join(' ') };
        }),
    )
    .catch(() => []);

/** Waits until the row of a feed fits. */
export const waitForRow = (
  page: TestPage,
  name: string,
  fits: (row: ShownRow) => boolean,
  limitMs = 15_000,
): Promise<ShownRow> =>
  waitFor(
    `the row "${name}" to fit ${fits}`,
    async () => {
      const rows = await shownRows(page);
      const row = rows.find((one) => one.name === name);
      if (!row || !fits(row)) throw new Error(JSON.stringify(row ?? rows));
      return row;
    },
    { limitMs },
  );
