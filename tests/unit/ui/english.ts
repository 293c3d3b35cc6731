import { readFileSync } from 'node:fs';
import { createTranslate, type Translate } from '../../../utils/ui/words';

/** Messages of `locales/en.yml` by the name the browser knows them under. Reads as much of YAML as that file uses. */
export function readEnglish(): ReadonlyMap<string, string> {
  const messages = new Map<string, string>();
  const path: string[] = [];
  for (const line of readFileSync(new URL('../../../locales/en.yml', import.meta.url), 'utf8').split('\n')) {
    const [, indent = '', key = '', text = ''] = /^( *)'?([\w-]+)'?: *(.*)$/.exec(line) ?? [];
    if (!key) continue;
    path.length = indent.length / 2;
    path.push(key);
    if (text) messages.set(path.join('_'), text.replace(/^'(.*)'$/, '$1').replaceAll("''", "'"));
  }
  return messages;
}

/** `browser.i18n.getMessage` of an English browser: an empty text for a name that has no message. */
export function createGetMessage(): (name: string, substitutions?: string[]) => string {
  const messages = readEnglish();
  return (name, substitutions = []) => {
    if (name === '@@bidi_dir') return 'ltr';
    return (messages.get(name) ?? '').replaceAll(
      /\$(\d)/g,
      (_, digit: string) => substitutions[Number(digit) - 1] ?? '',
    );
  };
}

/** English as our modules get it. */
export const createEnglish = (): Translate => createTranslate(createGetMessage());
