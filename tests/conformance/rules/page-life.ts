import { both, goodbye, join, joinAndLeave, messages, upTo, type Rule } from '../rule.ts';

/** Rules of a page that is left, cached, frozen, or outlives its extension. */
export const PAGE_LIFE_RULES: Rule[] = [
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
      const { place, port } = await joinAndLeave(world);
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
      const { place, port } = await joinAndLeave(world);
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
      const { place, port } = await joinAndLeave(world);
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
        // Now and then the new background hears of it, on a busy machine; the old script never does.
        secondPort: second < 0 ? null : (await place.run({ op: 'log', port: second })).log,
        idAfterwards: (await place.run({ op: 'runtimeId' })).id,
        connectThrows: (await place.run({ op: 'connect', name: 'late' })).threw !== null,
      };
    },
  },
];
