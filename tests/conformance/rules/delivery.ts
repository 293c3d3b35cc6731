import { both, goodbye, join, messages, shapes, upTo, type Rule } from '../rule.ts';
import type { Entry } from '../world.ts';

const KINDS = [
  'undefinedInObject',
  'undefinedInArray',
  'undefinedAlone',
  'notANumber',
  'date',
  'map',
  'bytes',
  'bigint',
  'function',
  'cycle',
];

/** Rules of messages and of closing, with both ends awake. */
export const DELIVERY_RULES: Rule[] = [
  {
    name: 'messages arrive in order, in both directions',
    browsers: both({ far: upTo(500), near: upTo(500) }),
    async run(world) {
      const place = await world.openPage();
      const port = await join(world, place);
      await port.post(...upTo(500));
      await port.postBack(...upTo(500));
      await world.until('all messages', async () => messages(await port.far()).length >= 500);
      await world.until('all messages', async () => messages(await port.near()).length >= 500);
      return { far: messages(await port.far()), near: messages(await port.near()) };
    },
  },
  {
    name: 'a message is a copy from the moment of posting',
    browsers: both([{ value: 'before' }]),
    async run(world) {
      const place = await world.openPage();
      const port = await join(world, place);
      await place.run({ op: 'postAndChange', port: port.index });
      await world.until('message', async () => messages(await port.far()).length);
      return messages(await port.far());
    },
  },
  {
    name: 'what JSON cannot say is changed, refused or kept',
    browsers: {
      chromium: {
        undefinedInObject: '{b: 1}',
        undefinedInArray: '[null, 1]',
        undefinedAlone: 'null',
        notANumber: '[null, null, 0]',
        date: '"1970-01-01T00:00:00.000Z"',
        map: '{}',
        bytes: '{0: 1, 1: 2}',
        bigint: 'refused',
        function: 'refused',
        cycle: 'refused',
      },
      firefox: {
        undefinedInObject: '{a: undefined, b: 1}',
        undefinedInArray: '[undefined, 1]',
        undefinedAlone: 'undefined',
        notANumber: '[NaN, Infinity, -0]',
        date: 'Date {}',
        map: 'Map {}',
        bytes: 'Uint8Array {0: 1, 1: 2}',
        bigint: '1n',
        function: 'refused',
        cycle: '{self: itself}',
      },
    },
    async run(world) {
      const place = await world.openPage();
      const outcome: Record<string, string> = {};
      for (const kind of KINDS) {
        const port = await join(world, place);
        const { threw } = await place.run({ op: 'postSpecial', port: port.index, kind });
        await port.post('end');
        await world.until('last message', async () => messages(await port.far()).includes('end'));
        const [arrived] = shapes(await port.far());
        outcome[kind] = threw === null ? (arrived ?? '') : 'refused';
      }
      return outcome;
    },
  },
  {
    name: 'disconnect() is seen at the other end only',
    browsers: both({ byPage: { near: null, far: 'told' }, byBackground: { near: 'told', far: null } }),
    async run(world) {
      const place = await world.openPage();
      const [first, second] = [await join(world, place), await join(world, place)];
      await place.run({ op: 'disconnect', port: first.index });
      await world.background({ op: 'disconnect', name: second.name });
      await world.until('goodbye in the background', async () => goodbye(await first.far()));
      await world.until('goodbye on the page', async () => goodbye(await second.near()));
      await world.watch();
      const told = (log: Entry[] | null) => (goodbye(log) ? 'told' : null);
      return {
        byPage: { near: told(await first.near()), far: told(await first.far()) },
        byBackground: { near: told(await second.near()), far: told(await second.far()) },
      };
    },
  },
  {
    name: 'an expected disconnect has no cause',
    browsers: both({ near: null, far: null }),
    async run(world) {
      const place = await world.openPage();
      const [first, second] = [await join(world, place), await join(world, place)];
      await place.run({ op: 'disconnect', port: first.index });
      await world.background({ op: 'disconnect', name: second.name });
      const far = await world.until('goodbye in the background', async () => goodbye(await first.far()));
      const near = await world.until('goodbye on the page', async () => goodbye(await second.near()));
      return { near: near?.cause, far: far?.cause };
    },
  },
  {
    name: 'what was posted before disconnect() arrives before it',
    browsers: both({ far: [...upTo(50), 'end'], near: [...upTo(50), 'end'] }),
    async run(world) {
      const place = await world.openPage();
      const [first, second] = [await join(world, place), await join(world, place)];
      await place.run({ op: 'disconnect', port: first.index, messages: upTo(50) });
      await world.background({ op: 'disconnect', name: second.name, messages: upTo(50) });
      const story = (log: Entry[] | null) => (log ?? []).map((entry) => ('message' in entry ? entry.message : 'end'));
      await world.until('goodbye in the background', async () => goodbye(await first.far()));
      await world.until('goodbye on the page', async () => goodbye(await second.near()));
      return { far: story(await first.far()), near: story(await second.near()) };
    },
  },
  {
    name: 'posting on a closed port throws, from the call of onDisconnect on',
    browsers: both({ own: true, other: true, inside: true }),
    async run(world) {
      const place = await world.openPage();
      const [first, second] = [await join(world, place), await join(world, place)];
      await place.run({ op: 'disconnect', port: first.index });
      await world.background({ op: 'disconnect', name: second.name });
      const told = await world.until('goodbye on the page', async () => goodbye(await second.near()));
      return {
        own: (await first.post('late')).threw !== null,
        other: (await second.post('late')).threw !== null,
        inside: told?.postThrows,
      };
    },
  },
  {
    name: '1000 ports from one page are all served',
    browsers: both({ count: 1000, received: upTo(1000).map((number) => [number]) }),
    async run(world) {
      const place = await world.openPage();
      const prefix = world.name();
      await place.run({ op: 'connectMany', name: prefix, count: 1000 });
      const own = async () => (await world.background({ op: 'names' })).names.filter((name) => name.startsWith(prefix));
      await world.until('1000 ports', async () => (await own()).length >= 1000, { limitMs: 30_000 });
      const { count } = await world.background({ op: 'echoAll', prefix });
      const read = async () => (await place.run({ op: 'receivedByAll' })).received;
      await world.until('1000 echoes', async () => (await read()).flat().length >= 1000, { limitMs: 30_000 });
      return { count, received: await read() };
    },
  },
];
