import type { TestPage } from '../tests/browser/driver/test-browser.ts';

/** One row of the panel, as a person reads it. */
export interface PanelRow {
  name: string;
  text: string;
  hasValue: boolean;
}

/** The rows of the panel on a page; none while there is no panel. */
export async function readPanelRows(page: TestPage): Promise<PanelRow[]> {
  try {
    return await page.inShadows(rowsIn);
  } catch {
    // No panel yet, or the page is being replaced.
    return [];
  }
}

/** Runs in the page. */
function rowsIn(shadows: ShadowRoot[]): PanelRow[] {
  // The panel shows its values by an attribute, so that a page cannot find them.
  const textOf = (row: Element, part: string): string => {
    const element = row.querySelector<HTMLElement>(part);
    return (element?.dataset['text'] ?? element?.textContent ?? '').trim();
  };
  return shadows
    .flatMap((shadow) => [...shadow.querySelectorAll('.feed')])
    .map((row) => {
      const line = textOf(row, '.lines li:last-child');
      const value = line || [textOf(row, '.value'), textOf(row, '.unit')].join(' ').trim();
      const parts = [value, textOf(row, '.change'), textOf(row, '.state')];
      return {
        name: textOf(row, '.name'),
        text: parts.filter((part) => part !== '').join('  '),
        hasValue: textOf(row, '.age') !== '',
      };
    });
}
