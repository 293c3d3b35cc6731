import './extension/place.js';
import { createFakeRuntime, type FakePage, type Flavour } from '../fakes/port.ts';
import { waitFor } from '../browser/driver/wait-for.ts';
import type { Command, Place, Reply, World } from './world.ts';

/** The fake as a {@link World}. `throws`: which starts of its background fail. */
export function createFakeWorld(flavour: Flavour, { throws }: { throws?: 'always' | 'later' } = {}): World {
  let run: (command: object) => unknown = () => ({});
  let started = false;
  let names = 0;
  const runtime = createFakeRuntime({
    flavour,
    startBackground(background) {
      if (throws === 'always' || (throws === 'later' && started)) {
        throw new Error('thrown on purpose at the start of the background');
      }
      started = true;
      run = conformance.createBackground(background.onConnect, background);
    },
  });

  // [firefox] The browser injects the script of a reloaded extension into open pages again.
  const injectAgain = new Set<() => void>();

  function placeOf(page: FakePage): Place {
    let act = conformance.createPlace(page.runtime);
    if (flavour === 'firefox') injectAgain.add(() => (act = conformance.createPlace(runtime.openPage().runtime)));
    return {
      run: async (command) => {
        const reply = act(command) as Reply;
        await runtime.settled();
        return reply;
      },
      async leave() {
        page.cache();
        return true;
      },
      comeBack: async () => page.restore(),
      freeze: async () => page.freeze(),
      thaw: async () => page.thaw(),
      close: async () => page.close(),
    };
  }

  const control = (): FakePage => runtime.openPage({ tabId: 99 });
  return {
    flavour,
    openPage: async () => placeOf(runtime.openPage()),
    openExtensionPage: async ({ listens = false } = {}) =>
      placeOf(runtime.openExtensionPage({ path: 'page.html', tabId: 2, listens })),
    async openPopup() {
      const page = runtime.openExtensionPage({ path: 'page.html' });
      page.runtime.connect({ name: 'popup' });
      return async () => page.close();
    },
    async background(command: Command) {
      await runtime.settled();
      if (!runtime.backgroundIsRunning) control().runtime.connect({ name: 'control' });
      await runtime.settled();
      const reply = run(command) as Reply;
      await runtime.settled();
      // As in a real world, where it comes by message.
      return JSON.parse(JSON.stringify(reply)) as Reply;
    },
    killBackground: async () => runtime.killBackground(),
    async reloadExtension() {
      runtime.updateExtension();
      await runtime.settled();
      runtime.invalidateOldPages();
      for (const inject of injectAgain) inject();
    },
    name: () => `port ${(names += 1)}`,
    until: waitFor,
    watch: () => runtime.settled(),
    close: async () => undefined,
  };
}
