import { waitFor } from '../browser/driver/wait-for.ts';
import type { TestPage } from '../browser/driver/test-browser.ts';
import type { Fault } from './source-faults.ts';
import type { Seat } from './stage.ts';

/** Connects the conversation of a panel if it is not, and waits until it is. */
export const connectConversation = (page: TestPage): Promise<boolean> =>
  waitFor(
    'a conversation',
    () =>
      page.evaluate(() => {
        const [connect, disconnect] = ['.connect', '.disconnect'].map((selector) =>
          document.querySelector<HTMLButtonElement>(selector),
        );
        if (connect?.disabled === false) connect.click();
        return disconnect?.disabled === false && document.querySelector<HTMLInputElement>('.field')?.disabled === false;
      }),
    { limitMs: 30_000, everyMs: 200 },
  );

/** What happens in popup and side panel. */
export const PANEL_FAULTS: Record<string, Fault<Seat>> = {
  async 'panel sends a text'({ window: { page } }, random) {
    await connectConversation(page);
    await page.evaluate(
      (text: string, to: string) => {
        const choice = document.querySelector<HTMLSelectElement>('#conversation-to');
        const field = document.querySelector<HTMLInputElement>('#conversation-text');
        if (!choice || !field) throw new Error('Cannot write: the panel has no field');
        choice.value = to;
        field.value = text;
        field.form?.requestSubmit();
      },
      `text ${random.between(1, 1_000_000)}`,
      random.oneOf(['', 'socket']),
    );
  },
  async 'panel ends its conversation'({ window: { page } }) {
    await page.evaluate(() => document.querySelector<HTMLButtonElement>('.disconnect')?.click());
  },
  'panel is hidden': async ({ window }) => {
    await window.hide();
    await window.show();
  },
  async 'panel is closed and opened anew'(seat) {
    await seat.reopen();
  },
};
