/** Holds docs/PROTOCOL.md and utils/stream/protocol.ts together: a stranger builds from the one, we from the other. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { START_LIMIT_MS } from '../../../utils/stream/accepted-port';
import * as protocol from '../../../utils/stream/protocol';

// The cells of tables are padded.
const document = readFileSync('docs/PROTOCOL.md', 'utf8').replaceAll(/ +/g, ' ');
const code = readFileSync('utils/stream/protocol.ts', 'utf8');

/** Rows of the table under a heading: the cells, trimmed. */
function tableUnder(heading: string): string[][] {
  const section = document.split(/^#+ /m).find((part) => part.startsWith(heading)) ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .slice(2);
}

const inCode = (text: string | undefined): string | undefined => text?.match(/`([^`]+)`/)?.[1];
const typesIn = (heading: string): (string | undefined)[] =>
  tableUnder(heading)
    .map(([type]) => inCode(type))
    .toSorted();
const keysOf = (name: string): string[] => {
  const table = code.match(new RegExp(`const ${name}: [^=]+= {\\n([\\s\\S]*?)\\n};`))?.[1] ?? '';
  return [...table.matchAll(/^ {2}([A-Z_]+):/gm)].map(([, key]) => key ?? '').toSorted();
};

describe('docs/PROTOCOL.md', () => {
  test('names every message of both directions, and no other', () => {
    expect(keysOf('TO_BACKGROUND').length).toBeGreaterThan(0);
    expect(typesIn('3.1')).toEqual(keysOf('TO_BACKGROUND'));
    expect(typesIn('3.2')).toEqual(keysOf('TO_PAGE'));
  });

  test('has an example of every message, and each parses', () => {
    const examples = [...document.matchAll(/```json\n([\s\S]*?)\n```/g)].map(
      ([, text]) => JSON.parse(text ?? '') as { type: string },
    );
    for (const example of examples) {
      const parsers = [protocol.parseToBackground, protocol.parseToPage];
      expect(
        parsers.some((parse) => parse(example).ok),
        JSON.stringify(example),
      ).toBe(true);
    }
    const types = new Set([...keysOf('TO_BACKGROUND'), ...keysOf('TO_PAGE')]);
    expect(new Set(examples.map(({ type }) => type))).toEqual(types);
  });

  test('has every close reason with what the page does then', () => {
    const rows = tableUnder('7.').map(([reason, retry, afterMs]) => [
      inCode(reason),
      { retry: retry === 'yes', afterMs: Number(afterMs) },
    ]);
    expect(Object.fromEntries(rows)).toEqual(protocol.CLOSE_REASONS);
  });

  test.each([
    ['version', `version ${protocol.PROTOCOL_VERSION}`],
    ['port', `named \`${protocol.PORT_NAME}\``],
    ['message limit', `**${protocol.MAX_MESSAGE_BYTES.toLocaleString('en').replaceAll(',', ' ')} bytes**`],
    ['interval', `${protocol.EVERY_MS.min} to ${protocol.EVERY_MS.max.toLocaleString('en').replaceAll(',', ' ')}`],
    ['handshake', `\`STARTED\` after \`START_UPDATES\` | ${protocol.HANDSHAKE_LIMIT_MS}`],
    ['first message', `after the port opened | ${START_LIMIT_MS.toLocaleString('en').replaceAll(',', ' ')}`],
    ['heartbeat', `nothing heard | ${protocol.HEARTBEAT_MS.toLocaleString('en').replaceAll(',', ' ')}`],
    ['pong', `\`PONG\` | ${protocol.PONG_LIMIT_MS}`],
    ['window', `"window": ${protocol.WINDOW}`],
  ])('says the %s of the code', (_, text) => {
    expect(document).toContain(text);
  });

  test('names every feed state and pause reason', () => {
    for (const word of ['waiting', 'live', 'stale', 'retrying', 'blocked', 'hidden', 'person']) {
      expect(document).toContain(`\`${word}\``);
      expect(code).toContain(`'${word}'`);
    }
  });
});
