import { saveSettings } from '../settings/settings-messages';

/** What a person finds as `tidings` in the console of the popup or side panel, until there is an editor. */
export interface ConsoleTools {
  /** Saves settings and resolves when they are in force. @throws {Error} with the reason when they are refused */
  saveSettings(settings: unknown): Promise<void>;
}

/** Puts the tools into a page of the extension. */
export function offerConsoleTools(page: Window): void {
  const tools: ConsoleTools = {
    async saveSettings(settings) {
      const answer = await saveSettings(settings);
      if (!answer.ok) throw new Error(`Cannot save these settings: ${answer.reason}`);
    },
  };
  Object.assign(page, { tidings: tools });
}
