/**
 * How pages of the extension read and save settings: by messages to the background, the only one that opens the database.
 * [firefox] A page in a private window has an IndexedDB of its own, which ends with the window.
 */
import * as v from 'valibot';
import { browser } from 'wxt/browser';
import type { Sender } from '../stream/port';
import { type ParsedSettings, parseSettings } from './settings';

export type SaveAnswer = { ok: true } | { ok: false; reason: string };

export interface SettingsMessageOptions {
  /** Content scripts can send messages too; only pages of the extension get an answer. */
  isOwnPage(sender: Sender): boolean;
  /** The settings in force. */
  read(): Promise<unknown>;
  /** Saves what parses; resolves when it is in force. Rejects where storage refuses. */
  save(settings: unknown): Promise<SaveAnswer>;
}

const Request = v.variant('type', [
  v.object({ type: v.literal('READ_SETTINGS') }),
  v.object({ type: v.literal('SAVE_SETTINGS'), settings: v.unknown() }),
]);

const Answer = v.variant('ok', [
  v.object({ ok: v.literal(true) }),
  v.object({ ok: v.literal(false), reason: v.string() }),
]);

/** The settings in force. Rejects when the background does not answer. */
export const readSettings = async (): Promise<ParsedSettings> => parseSettings(await send({ type: 'READ_SETTINGS' }));

/** Saves settings and resolves when they are in force, or with the reason why not. Rejects when the background does not answer. */
export const saveSettings = async (settings: unknown): Promise<SaveAnswer> =>
  v.parse(Answer, await send({ type: 'SAVE_SETTINGS', settings }));

const send = (request: v.InferOutput<typeof Request>): Promise<unknown> => browser.runtime.sendMessage(request);

/** Answers such messages. Must be called in the turn in which the background starts: they also wake it. Returns what ends it. */
export function onSettingsMessage({ isOwnPage, read, save }: SettingsMessageOptions): () => void {
  const onMessage = (message: unknown, sender: Sender): Promise<unknown> | undefined => {
    const request = v.safeParse(Request, message);
    if (!request.success || !isOwnPage(sender)) return undefined;
    return request.output.type === 'READ_SETTINGS' ? read() : save(request.output.settings);
  };
  browser.runtime.onMessage.addListener(onMessage);
  return () => browser.runtime.onMessage.removeListener(onMessage);
}
