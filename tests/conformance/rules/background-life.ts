import { both, goodbye, join, messages, type Rule } from '../rule.ts';
import type { Place, World } from '../world.ts';

/** Rules of a background that starts, stops and fails. */
export const BACKGROUND_LIFE_RULES: Rule[] = [
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
