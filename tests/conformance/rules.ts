import type { Command, Entry, Place, World } from './world.ts';

/** What a rule sees, as plain data. */
export type Outcome = unknown;

/** Why a rule cannot be tried in a browser. */
export interface Cannot {
  cannot: string;
}

/** One claim about ports. `run` tries it; what it must return is data, for each browser. */
export interface Rule {
  name: string;
  browsers: Record<'chromium' | 'firefox', Outcome | Cannot>;
  /** It needs a world whose background throws at every start, or at every start but the first. */
  throws?: 'always' | 'later';
  run(world: World): Promise<Outcome>;
}

const both = (outcome: Outcome): Rule['browsers'] => ({ chromium: outcome, firefox: outcome });

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

const messages = (log: Entry[] | null): unknown[] =>
  (log ?? []).flatMap((entry) => ('message' in entry ? [entry.message] : []));

const shapes = (log: Entry[] | null): string[] =>
  (log ?? []).flatMap((entry) => ('message' in entry ? [entry.shape] : []));

const goodbye = (log: Entry[] | null) => {
  const entry = log?.find((one) => 'disconnected' in one);
  return entry && 'disconnected' in entry ? entry.disconnected : null;
};

/** A port of `place`, joined to the background, with both of its logs. */
async function join(world: World, place: Place, options: Partial<Command> = {}) {
  const name = world.name();
  const { index } = await place.run({ op: 'connect', name, ...options });
  const far = async (): Promise<Entry[] | null> => (await world.background({ op: 'log', name })).log;
  await world.until('port in the background', async () => (await far()) !== null);
  return {
    name,
    index,
    near: async (): Promise<Entry[] | null> => (await place.run({ op: 'log', port: index })).log,
    far,
    post: (...list: unknown[]) => place.run({ op: 'post', port: index, messages: list }),
    postBack: (...list: unknown[]) => world.background({ op: 'post', name, messages: list }),
  };
}

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

/** The rules of ports on which the stream relies. */
export const RULES: Rule[] = [
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
    name: 'messages posted right after connect() wait for a background that has yet to start',
    browsers: both({ started: true, far: ['a', 'b', 'c'] }),
    async run(world) {
      const place = await world.openPage();
      const before = await world.background({ op: 'birth' });
      await world.killBackground();
      const port = await join(world, place, { messages: ['a', 'b', 'c'] });
      const after = await world.background({ op: 'birth' });
      return { started: before.bornAt !== after.bornAt, far: messages(await port.far()) };
    },
  },
  {
    name: 'a killed background disconnects the page',
    browsers: both({ told: true, cause: false, idStillSet: true, postThrows: true }),
    async run(world) {
      const place = await world.openPage();
      const port = await join(world, place);
      await world.killBackground();
      const told = await world.until('goodbye on the page', async () => goodbye(await port.near()));
      return { told: true, cause: told?.cause !== null, idStillSet: told?.idStillSet, postThrows: told?.postThrows };
    },
  },
  {
    name: 'of what a killed background was sending, a part without gaps arrives, then the end',
    browsers: both({ some: true, gaps: false, afterTheEnd: 0 }),
    async run(world) {
      const place = await world.openPage();
      const port = await join(world, place);
      await world.background({ op: 'flood', name: port.name, count: 20_000, slice: 50, everyMs: 1 });
      await world.until('first messages', async () => messages(await port.near()).length > 100);
      await world.killBackground();
      await world.until('goodbye on the page', async () => goodbye(await port.near()));
      await world.watch();
      const log = (await port.near()) ?? [];
      const got = messages(log);
      return {
        some: got.length > 0,
        gaps: got.some((message, index) => message !== index),
        afterTheEnd: log.length - 1 - log.findIndex((entry) => 'disconnected' in entry),
      };
    },
  },
  {
    name: 'a closed page disconnects the background, without a cause',
    browsers: both({ cause: null }),
    async run(world) {
      const place = await world.openPage();
      const port = await join(world, place);
      await place.close();
      const told = await world.until('goodbye in the background', async () => goodbye(await port.far()));
      return { cause: told?.cause };
    },
  },
  {
    name: 'into the back/forward cache and back',
    browsers: {
      chromium: { backgroundTold: 'with a cause', pageTold: false, postThrows: false, arrived: [], received: [] },
      firefox: { backgroundTold: null, pageTold: false, postThrows: false, arrived: ['back'], received: ['late'] },
    },
    async run(world) {
      const place = await world.openPage();
      const port = await join(world, place);
      await place.leave();
      await world.watch();
      await port.postBack('meanwhile');
      await world.watch();
      await place.comeBack();
      const { threw } = await port.post('back');
      await port.postBack('late');
      await world.watch();
      const far = goodbye(await port.far());
      return {
        backgroundTold: far && (far.cause === null ? 'without a cause' : 'with a cause'),
        pageTold: goodbye(await port.near()) !== null,
        postThrows: threw !== null,
        arrived: messages(await port.far()),
        received: messages(await port.near()),
      };
    },
  },
  {
    name: 'background killed while the page is in the back/forward cache',
    browsers: { chromium: { pageTold: false, postThrows: false }, firefox: { pageTold: false, postThrows: true } },
    async run(world) {
      const place = await world.openPage();
      const port = await join(world, place);
      await place.leave();
      await world.watch();
      await world.killBackground();
      await world.watch();
      await place.comeBack();
      await world.watch();
      const pageTold = goodbye(await port.near()) !== null;
      return { pageTold, postThrows: (await port.post('back')).threw !== null };
    },
  },
  {
    name: 'background disconnects a page that is in the back/forward cache',
    browsers: {
      chromium: { cannot: 'its end of the port is closed by then' },
      firefox: { received: [], pageTold: false, postThrows: true },
    },
    async run(world) {
      const place = await world.openPage();
      const port = await join(world, place);
      await place.leave();
      await world.watch();
      await world.background({ op: 'disconnect', name: port.name, messages: ['last'] });
      await world.watch();
      await place.comeBack();
      await world.watch();
      const near = await port.near();
      const { threw } = await port.post('back');
      return { received: messages(near), pageTold: goodbye(near) !== null, postThrows: threw !== null };
    },
  },
  {
    name: 'a frozen page gets all at once after the thaw',
    browsers: {
      chromium: { posted: true, whileFrozen: [], afterThaw: upTo(200) },
      firefox: { cannot: 'Firefox has no frozen state' },
    },
    async run(world) {
      const place = await world.openPage();
      const port = await join(world, place);
      await place.freeze();
      const { threw } = await port.postBack(...upTo(200));
      await world.watch();
      const whileFrozen = messages(await port.near());
      await place.thaw();
      await world.until('all messages', async () => messages(await port.near()).length >= 200);
      return { posted: threw === null, whileFrozen, afterThaw: messages(await port.near()) };
    },
  },
  {
    name: 'background killed while the page is frozen: nobody tells it',
    browsers: {
      chromium: { received: [], told: false, postThrows: true },
      firefox: { cannot: 'Firefox has no frozen state' },
    },
    async run(world) {
      const place = await world.openPage();
      const port = await join(world, place);
      await place.freeze();
      await port.postBack('before');
      await world.watch();
      await world.killBackground();
      await world.watch();
      await place.thaw();
      await world.watch();
      const near = await port.near();
      return {
        received: messages(near),
        told: goodbye(near) !== null,
        postThrows: (await port.post('after')).threw !== null,
      };
    },
  },
  {
    name: 'background disconnects a frozen page',
    browsers: {
      chromium: { received: [], told: false, postThrows: true },
      firefox: { cannot: 'Firefox has no frozen state' },
    },
    async run(world) {
      const place = await world.openPage();
      const port = await join(world, place);
      await place.freeze();
      await world.background({ op: 'disconnect', name: port.name, messages: ['last'] });
      await world.watch();
      await place.thaw();
      await world.watch();
      const near = await port.near();
      const { threw } = await port.post('after');
      return { received: messages(near), told: goodbye(near) !== null, postThrows: threw !== null };
    },
  },
  {
    name: 'extension reloaded under an open page',
    browsers: {
      chromium: {
        oldScript: 'runs on',
        told: true,
        idStillSet: true,
        reconnectThrew: false,
        secondPort: [],
        secondPortArrived: false,
        idAfterwards: null,
        connectThrows: true,
      },
      firefox: { oldScript: 'gone, a new one is there' },
    },
    async run(world) {
      const place = await world.openPage();
      const port = await join(world, place, { reconnect: true });
      await world.reloadExtension();
      const { names } = await place.run({ op: 'ports' });
      if (names.length === 0) return { oldScript: 'gone, a new one is there' };
      const told = goodbye(await port.near());
      const again = `${port.name} again`;
      const second = names.indexOf(again);
      return {
        oldScript: 'runs on',
        told: told !== null,
        idStillSet: told?.idStillSet,
        reconnectThrew: second < 0,
        secondPort: second < 0 ? null : (await place.run({ op: 'log', port: second })).log,
        secondPortArrived: (await world.background({ op: 'names' })).names.includes(again),
        idAfterwards: (await place.run({ op: 'runtimeId' })).id,
        connectThrows: (await place.run({ op: 'connect', name: 'late' })).threw !== null,
      };
    },
  },
  {
    name: 'another extension page that listens to onConnect hides the death of the background',
    browsers: { chromium: { told: false, postThrows: false }, firefox: { told: true, postThrows: true } },
    async run(world) {
      const listener = await world.openExtensionPage({ listens: true });
      const place = await world.openPage();
      const port = await join(world, place);
      await world.killBackground();
      await world.watch();
      const told = goodbye(await port.near()) !== null;
      const { threw } = await port.post('after');
      await listener.close();
      return { told, postThrows: threw !== null };
    },
  },
  {
    name: 'another extension page that does not listen hides nothing',
    browsers: both({ told: true }),
    async run(world) {
      const other = await world.openExtensionPage();
      const place = await world.openPage();
      const port = await join(world, place);
      await world.killBackground();
      await world.until('goodbye on the page', async () => goodbye(await port.near()));
      await other.close();
      return { told: true };
    },
  },
  {
    name: 'what sender says of a page',
    browsers: both(['documentId', 'frameId', 'id', 'origin', 'tab', 'url']),
    async run(world) {
      const port = await join(world, await world.openPage());
      return senderFields(world, port.name);
    },
  },
  {
    name: 'what sender says of an extension page in a tab',
    browsers: both(['documentId', 'frameId', 'id', 'origin', 'tab', 'url']),
    async run(world) {
      const page = await world.openExtensionPage();
      const port = await join(world, page);
      const fields = await senderFields(world, port.name);
      await page.close();
      return fields;
    },
  },
  {
    name: 'what sender says of a popup',
    browsers: { chromium: ['id', 'origin', 'url'], firefox: ['documentId', 'id', 'origin', 'url'] },
    async run(world) {
      await world.background({ op: 'birth' });
      const close = await world.openPopup();
      await world.until('popup', async () => (await world.background({ op: 'names' })).names.includes('popup'));
      const fields = await senderFields(world, 'popup');
      await close();
      return fields;
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
  {
    name: 'a background that never started without throwing',
    browsers: { chromium: 'silent', firefox: 'told with a cause' },
    throws: 'always',
    async run(world) {
      return connectInVain(world, await world.openPage());
    },
  },
  {
    name: 'a background that throws at a later start',
    browsers: both('told with a cause'),
    throws: 'later',
    async run(world) {
      const place = await world.openPage();
      await join(world, place);
      await world.killBackground();
      return connectInVain(world, place);
    },
  },
];

async function senderFields(world: World, name: string): Promise<string[]> {
  const { sender } = await world.background({ op: 'sender', name });
  const known = ['documentId', 'frameId', 'id', 'origin', 'tab', 'url'];
  return Object.keys(sender ?? {})
    .filter((key) => known.includes(key))
    .toSorted();
}

/** What becomes of a port when nobody takes it. */
async function connectInVain(world: World, place: Place): Promise<string> {
  const { index, threw } = await place.run({ op: 'connect', name: world.name(), messages: ['hello'] });
  if (threw !== null) return 'connect() threw';
  await world.watch();
  const { log } = await place.run({ op: 'log', port: index });
  const told = goodbye(log);
  if (told) return told.cause === null ? 'told without a cause' : 'told with a cause';
  return log?.length === 0 ? 'silent' : 'answered';
}
