import { both, join, type Rule } from '../rule.ts';
import type { World } from '../world.ts';

/** Rules of what `port.sender` tells. */
export const SENDER_RULES: Rule[] = [
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
];

async function senderFields(world: World, name: string): Promise<string[]> {
  const { sender } = await world.background({ op: 'sender', name });
  const known = ['documentId', 'frameId', 'id', 'origin', 'tab', 'url'];
  return Object.keys(sender ?? {})
    .filter((key) => known.includes(key))
    .toSorted();
}
