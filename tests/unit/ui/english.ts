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

/** English as the browser gives it: an empty text for a name that has no message. */
export function createEnglish(): Translate {
  const messages = readEnglish();
  return createTranslate((name, substitutions = []) =>
    (messages.get(name) ?? '').replaceAll(/\$(\d)/g, (_, digit: string) => substitutions[Number(digit) - 1] ?? ''),
  );
}
