import { parseSettings } from '../settings/settings';
import { saveSettings } from '../settings/settings-messages';

/** What a person finds as `tidings` in the console of the popup or side panel, until there is an editor. */
export interface ConsoleTools {
  /**
   * Lists what the settings send to WebSockets, saves them, and resolves when they are in force.
   * @throws {Error} with the reason when they are refused
   */
  saveSettings(settings: unknown): Promise<void>;
}

/** Puts the tools into a page of the extension. */
export function offerConsoleTools(page: Window): void {
  const tools: ConsoleTools = {
    async saveSettings(settings) {
      for (const line of messagesToSockets(settings)) console.warn(line);
      const answer = await saveSettings(settings);
      if (!answer.ok) throw new Error(`Cannot save these settings: ${answer.reason}`);
    },
  };
  Object.assign(page, { tidings: tools });
}

/** The messages that leave when a WebSocket opens, a line for each feed that has some. */
function messagesToSockets(settings: unknown): string[] {
  const parsed = parseSettings(settings);
  if (!parsed.ok) return [];
  return parsed.settings.feeds.flatMap(({ name, source }) =>
    source.type === 'websocket' && source.onConnect.length > 0
      ? [`"${name}" sends to ${source.address} when it connects: ${JSON.stringify(source.onConnect)}`]
      : [],
  );
}
