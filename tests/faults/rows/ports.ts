import assert from 'node:assert/strict';
import { waitFor } from '../../browser/driver/wait-for.ts';
import { numbersFeed } from '../../browser/applied.ts';
import { MAX_MESSAGE_BYTES, parseToBackground, PROTOCOL_VERSION } from '../../../utils/stream/protocol.ts';
import { openDetails, waitForReason } from '../details.ts';
import { linesFeed, streamsFeed } from '../feeds.ts';
import type { Random } from '../../soak/random.ts';
import { closePorts, heardOn, openPorts, openRawPage, postOn } from '../raw-ports.ts';
import { both, type FaultRow } from '../row.ts';
import { LIMIT_MS } from '../watched-page.ts';
import type { World } from '../world.ts';

const START = { type: 'START_UPDATES', protocol: PROTOCOL_VERSION, streamId: 'raw', everyMs: 100, resume: {} };

/** Bad first messages, each on a port of its own, and what the background says to it. */
const BAD_STARTS: readonly [message: unknown, reason: string][] = [
  [null, 'bad-message'],
  ['START_UPDATES', 'bad-message'],
  [[], 'bad-message'],
  [{}, 'bad-message'],
  [{ type: '__proto__' }, 'bad-message'],
  [{ type: 'ACK', batch: 1 }, 'bad-message'],
  [{ ...START, everyMs: 0 }, 'bad-message'],
  [{ ...START, resume: { numbers: 1 } }, 'bad-message'],
  [{ ...START, streamId: 'x'.repeat(65) }, 'bad-message'],
  [{ ...START, ignored: 'x'.repeat(MAX_MESSAGE_BYTES) }, 'bad-message'],
  [{ ...START, protocol: 0 }, 'version-mismatch'],
  [{ ...START, protocol: '2' }, 'bad-message'],
  [{ ...START, protocol: PROTOCOL_VERSION + 1 }, 'version-mismatch'],
  [{ type: 'START_UPDATES', protocol: PROTOCOL_VERSION + 1, streamId: 7 }, 'version-mismatch'],
];

const VALUES = [null, true, -1, 0, 1, 2 ** 53, 1e308, '', 'numbers', 'x'.repeat(1_000), [], {}, [[]], { type: 'PING' }];
const KEYS = ['type', 'id', 'batch', 'reason', 'protocol', 'streamId', 'everyMs', 'resume', 'note', 'constructor'];
const TYPES = [
  'START_UPDATES',
  'ACK',
  'PAUSE',
  'RESUME',
  'STOP_UPDATES',
  'PING',
  'PONG',
  'NOTE',
  'UPDATES',
  'STATUS',
  'CLOSE',
  'toString',
];

/** In each run but the first. */
const RANDOM_PORTS = 20;
const MESSAGES_A_PORT = 500;

const randomMessage = ({ next, oneOf }: Random): unknown =>
  next() < 0.1
    ? oneOf(VALUES)
    : { ...Object.fromEntries(Array.from({ length: 4 }, () => [oneOf(KEYS), oneOf(VALUES)])), type: oneOf(TYPES) };

/** What the background says to a message that may come once a port is started; `good`: nothing, it goes on. */
function answerTo(message: unknown): string | null {
  const { type, protocol } = Object(message) as { type?: unknown; protocol?: unknown };
  if (type === 'START_UPDATES' && Number.isSafeInteger(protocol) && protocol !== PROTOCOL_VERSION)
    return 'version-mismatch';
  const parsed = parseToBackground(message);
  if (!parsed.ok || parsed.message.type === 'START_UPDATES') return 'bad-message';
  return parsed.message.type === 'STOP_UPDATES' ? null : 'good';
}

/** What the background may say when it closes a port to which these messages come after the first; `null` is nothing. */
function possibleReasons(messages: readonly unknown[]): readonly (string | null)[] {
  const answers = messages.map(answerTo);
  const end = answers.findIndex((answer) => answer !== 'good');
  // A good message is a bad one until the port is started, and so is an ACK of what was not sent.
  return end === 0 ? answers.slice(0, 1) : ['bad-message', ...answers.slice(end, end + 1)];
}

interface MisusedPort {
  messages: readonly unknown[];
  reasons: readonly (string | null)[];
}

const badStart = ([message, reason]: (typeof BAD_STARTS)[number]): MisusedPort => ({
  messages: [message],
  reasons: [reason],
});

function randomPort({ random }: World): MisusedPort {
  const messages = [...Array.from({ length: MESSAGES_A_PORT }, () => randomMessage(random)), null];
  return { messages: [START, ...messages], reasons: possibleReasons(messages) };
}

/** Characters of a line: four of them fill a message. */
const LONG_LINE = 60_000;
/** More than the log takes as one value. */
const TOO_LONG_LINE = 70_000;

/** Rows of ports that are misused, or many. */
export const PORT_ROWS: FaultRow[] = [
  {
    number: 19,
    fault: 'bad message on a port: junk, old version, 100 000 random ones',
    holds: 'port closed with a reason, others untouched',
    browsers: both(
      'ports opened by hand from a page of the extension, beside a page in front that streams; a port closes at its first bad message, so each kind of junk has a port of its own, and each 500 random messages: what is posted after the first bad one finds it closed (`npm run fuzz` has every message read)',
    ),
    runs: { short: 2, long: 11 },
    async induce(world, runs) {
      const watched = await world.watch();
      const raw = await openRawPage(world);
      await watched.page.bringToFront();
      const { total } = world.demo.state.events.connections;
      for (const run of runs) {
        await watched.goesOn(world.moment());
        const before = world.moment();
        const ports =
          run === 0 ? BAD_STARTS.map(badStart) : Array.from({ length: RANDOM_PORTS }, () => randomPort(world));
        for (const [index, { messages, reasons }] of ports.entries()) {
          await openPorts(raw, 1, { starts: false });
          await postOn(raw, index, messages);
          const heard = await waitFor(
            'the port to be closed',
            async () => {
              const port = (await heardOn(raw))[index];
              assert.ok(port?.disconnected);
              return port;
            },
            { limitMs: LIMIT_MS },
          );
          assert.ok(
            reasons.includes(heard.closed),
            `port ${index} of run ${run}: ${heard.closed}, not ${reasons.join()}`,
          );
        }
        // Junk may be over within an interval of the stream.
        await watched.goesOn(before);
        await closePorts(raw);
        await world.told(10);
      }
      await watched.look();
      assert.equal(new Set(watched.numbers.map(({ epoch }) => epoch)).size, 1, 'histories of the numbers');
      assert.equal(world.demo.state.events.connections.total, total, 'connections to the source');
      await watched.settle();
    },
  },
  {
    number: 20,
    fault: 'message over the limit',
    holds: 'refused before posting, stream alive',
    browsers: both(
      'lines of 60 000 characters, of which four fill a message, and of 70 000, more than a value may have',
    ),
    runs: { short: 1, long: 20 },
    async induce(world, runs) {
      const { demo } = world;
      await world.configure(numbersFeed(demo), linesFeed(demo), streamsFeed);
      const watched = await world.watch();
      const raw = await openRawPage(world);
      await openPorts(raw, 1, { starts: true });
      await watched.page.bringToFront();
      await openDetails(watched.page, 'Lines');
      for (const run of runs) {
        const lines = 12;
        for (let line = 0; line < lines; line += 1) {
          demo.control('events', { action: 'nonsense', kind: 'long-line', lineBytes: LONG_LINE });
        }
        demo.control('events', { action: 'nonsense', kind: 'long-line', lineBytes: TOO_LONG_LINE });
        await waitForReason(watched.page, 'Lines', 'live', 'more than a feed may hold');
        await waitFor('the long lines', async () => {
          await watched.look();
          const long = watched.batches
            .filter(({ feed }) => feed === 'lines')
            .flatMap(({ updates }) => updates.filter(({ value }) => String(value).length > 10_000));
          assert.equal(long.length, lines * (run + 1));
          return true;
        });
        await waitFor('the long lines on the other port', async () => {
          const [port] = await heardOn(raw);
          assert.ok(port && !port.disconnected, 'the port is there');
          assert.ok(port.longest > LONG_LINE * 3 && port.longest <= MAX_MESSAGE_BYTES, `${port.longest} bytes`);
          return true;
        });
      }
      await watched.settle();
    },
  },
  {
    number: 21,
    fault: '1000 ports',
    holds: 'all served, one source connection',
    browsers: both(
      'four ports in each frame of a page of the extension, in a copy of the build that allows frames, 200 more in each run (the short form stops at 400), beside a page that streams',
    ),
    runs: { short: 2, long: 5 },
    own: { instruments: () => ({ frames: true }) },
    async induce(world, runs) {
      // With more, a browser is busy with handing them over.
      const watched = await world.watch({ perSecond: 2 });
      const raw = await openRawPage(world);
      for (const run of runs) {
        const ports = 200 * (run + 1);
        await openPorts(raw, 200, { starts: true, frames: true });
        await waitFor(
          'updates on every port',
          async () => {
            const served = (await heardOn(raw)).filter(({ updates }) => (updates['numbers'] ?? 0) >= 2);
            assert.equal(served.length, ports);
            return true;
          },
          { limitMs: 2 * LIMIT_MS, everyMs: 500 },
        );
        assert.equal(world.demo.state.events.connections.now, 1, 'connections to the source');
        await watched.page.bringToFront();
        await world.streams(watched.page, ports + 1);
      }
      await closePorts(raw);
      await world.streams(watched.page, 1);
      await watched.settle();
    },
  },
];
