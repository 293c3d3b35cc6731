/** Holds docs/PROTOCOL.md and utils/stream/protocol.ts together: a stranger builds from the one, we from the other. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LOG_LIMITS, SNAPSHOT_UPDATES } from '../../../utils/feeds/log';
import {
  MAX_SILENT_LOOKS,
  MESSAGES_AT_ONCE,
  MESSAGES_PER_SECOND,
  START_LIMIT_MS,
} from '../../../utils/stream/accepted-port';
import {
  advance,
  BUDGET_WINDOW_MS,
  CONNECT_BUDGET,
  INITIAL_STATE,
  PROVEN_AFTER_MS,
  RETRY_MIN_MS,
} from '../../../utils/stream/connection';
import { MAX_NOTE_BYTES } from '../../../utils/stream/incoming';
import * as protocol from '../../../utils/stream/protocol';
import { MAX_PORTS, MAX_PORTS_PER_DOCUMENT, OWN_PORTS } from '../../../utils/stream/publisher';
import { MAX_UNHEARD } from '../../../utils/stream/status-queue';

// The cells of tables are padded.
const document = readFileSync('docs/PROTOCOL.md', 'utf8').replaceAll(/ +/g, ' ');
const code = readFileSync('utils/stream/protocol.ts', 'utf8');

/** Rows of the first table under a heading, or of the one whose first column is `column`: the cells, trimmed. */
function tableUnder(heading: string, column = ''): string[][] {
  const section = document.split(/^#+ /m).find((part) => part.startsWith(heading)) ?? '';
  const table = section.split('\n\n').find((block) => block.startsWith(`| ${column}`)) ?? '';
  return table
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
const allInCode = (text = ''): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '');
const spaced = (count: number): string => count.toLocaleString('en').replaceAll(',', ' ');
const examples = [...document.matchAll(/```json\n([\s\S]*?)\n```/g)].map(
  ([, text]) => JSON.parse(text ?? '') as { type: string; [field: string]: unknown },
);
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

  test.each(examples)('names the fields of $type, and no other', ({ type, ...fields }) => {
    const row = ['3.1', '3.2'].flatMap((heading) => tableUnder(heading)).find(([cell]) => inCode(cell) === type);
    const [required = '', optional = ''] = (row?.[1] ?? '').split('maybe');
    // A reason of PAUSE is named with its values.
    const named = allInCode(required.split(':')[0]);
    expect(Object.keys(fields)).toEqual(expect.arrayContaining(named));
    expect([...named, ...allInCode(optional)]).toEqual(expect.arrayContaining(Object.keys(fields)));
  });

  test('names the fields of a part of a batch, and no other', () => {
    const { feeds } = examples.find(({ type }) => type === 'UPDATES') as unknown as { feeds: object[] };
    expect(tableUnder('3.2', 'field').map(([field]) => inCode(field))).toEqual(Object.keys(feeds[0] ?? {}));
  });

  test('has every code that a status can have', () => {
    const words = readFileSync('locales/en.yml', 'utf8').match(/^reason:\n((?: {2}.*\n)+)/m)?.[1] ?? '';
    const codes = [...words.matchAll(/^ {2}(\w+):/gm)]
      .map(([, key = '']) => key.replaceAll('_', '-'))
      .filter((key) => !key.endsWith('-detail'));
    expect(codes.length).toBeGreaterThan(0);
    const named = tableUnder('3.2', 'code').map(([cell]) => inCode(cell));
    expect(named.toSorted()).toEqual(codes.toSorted());
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
    ['message limit', `**${spaced(protocol.MAX_MESSAGE_BYTES)} bytes**`],
    ['depth', `at most ${protocol.MAX_JSON_DEPTH} objects and arrays inside each other`],
    ['note limit', `at most ${MAX_NOTE_BYTES} bytes`],
    ['ports of a document', `at most ${MAX_PORTS_PER_DOCUMENT} ports`],
    ['ports in all', `at most ${MAX_PORTS} ports in all. ${OWN_PORTS} of them`],
    [
      'messages of a page',
      `an allowance of ${MESSAGES_AT_ONCE} messages. Each message but \`ACK\` takes one, and ${MESSAGES_PER_SECOND} come back each second`,
    ],
    ['statuses without credit', `When ${MAX_UNHEARD} have left for one feed`],
    ['interval', `${protocol.EVERY_MS.min} to ${spaced(protocol.EVERY_MS.max)}`],
    ['shortest wait', `the wait is ${protocol.EVERY_MS.min} ms`],
    ['handshake', `\`STARTED\` after \`START_UPDATES\` | ${protocol.HANDSHAKE_LIMIT_MS}`],
    ['first message', `after the port opened | ${spaced(START_LIMIT_MS)}`],
    ['heartbeat', `while live | ${spaced(protocol.HEARTBEAT_MS)}`],
    ['pong', `that is under way | ${protocol.PONG_LIMIT_MS}`],
    [
      'longest silence',
      `${spaced(MAX_SILENT_LOOKS * protocol.HEARTBEAT_MS)} to ${spaced((MAX_SILENT_LOOKS + 1) * protocol.HEARTBEAT_MS)}`,
    ],
    ['window', `"window": ${protocol.WINDOW}`],
    ['look after a connect', `before each connect, ${RETRY_MIN_MS} ms after it`],
    [
      'budget of connects',
      `in any ${BUDGET_WINDOW_MS / 1_000} s (the window slides) the page opens at most ${CONNECT_BUDGET} ports`,
    ],
    ['log', `at most ${spaced(LOG_LIMITS.updates)} updates and ${LOG_LIMITS.bytes / 2 ** 20} MiB`],
    ['snapshot', `up to ${SNAPSHOT_UPDATES} of an event feed`],
  ])('says the %s of the code', (_, text) => {
    expect(document).toContain(text);
  });

  test('has the waits between two ports', () => {
    const waits = (lost: number, random: number, liveMs = 0): number => {
      let state = INITIAL_STATE;
      for (let time = 0; time < lost; time += 1) {
        state = advance({ ...state, unproven: [] }, { type: time === 0 ? 'start' : 'due' }, { now: 0, random }).state;
        if (liveMs > 0) state = advance(state, { type: 'started' }, { now: -liveMs, random }).state;
        ({ state } = advance(state, { type: 'lost', cause: 'disconnect' }, { now: 0, random }));
      }
      return state.retryAt ?? NaN;
    };
    const range = (lost: number, liveMs?: number): string =>
      [0, 1].map((random) => spaced(waits(lost, random, liveMs))).join(' to ');
    const [first = '', middle = '', rest = ''] = tableUnder('6.', 'ports lost').map(([, cell]) => cell);
    expect(first).toContain(`${range(1, PROVEN_AFTER_MS)} if its \`STARTED\` came`);
    expect(first).toContain(`else ${range(1)}`);
    const bounds = [2, 3, 4, 5, 6, 7, 8].map((lost) => waits(lost, 1) - RETRY_MIN_MS);
    expect(bounds).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 12_800]);
    expect(middle).toContain(
      `${RETRY_MIN_MS} plus a random time from 0 to a bound; the bound is ${bounds[0]} for the second`,
    );
    expect(middle).toContain(`to ${spaced(bounds[6] ?? NaN)}`);
    expect(rest).toContain(range(9));
    expect(range(20)).toBe(range(9));
  });

  test('names every feed state and pause reason', () => {
    for (const word of ['waiting', 'live', 'stale', 'retrying', 'blocked', 'hidden', 'person']) {
      expect(document).toContain(`\`${word}\``);
      expect(code).toContain(`'${word}'`);
    }
  });
});
