import type { Command, Entry, Goodbye, Place, Reply, World } from './world.ts';

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

/** The same in both browsers. */
export const both = (outcome: Outcome): Rule['browsers'] => ({ chromium: outcome, firefox: outcome });

/** 0, 1, 2... below `count`. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** The messages of a log. */
export const messages = (log: Entry[] | null): unknown[] =>
  (log ?? []).flatMap((entry) => ('message' in entry ? [entry.message] : []));

/** The messages of a log in words. */
export const shapes = (log: Entry[] | null): string[] =>
  (log ?? []).flatMap((entry) => ('message' in entry ? [entry.shape] : []));

/** How a log says that its port was closed by the other end; `null` if it does not. */
export const goodbye = (log: Entry[] | null): Goodbye | null => {
  const entry = log?.find((one) => 'disconnected' in one);
  return entry && 'disconnected' in entry ? entry.disconnected : null;
};

/** Both ends of a port, with what each heard. */
export interface JoinedPort {
  name: string;
  /** Its number at its place. */
  index: number;
  near(): Promise<Entry[] | null>;
  far(): Promise<Entry[] | null>;
  post(...list: unknown[]): Promise<Reply>;
  postBack(...list: unknown[]): Promise<Reply>;
}

/** A port of `place`, joined to the background. */
export async function join(world: World, place: Place, options: Partial<Command> = {}): Promise<JoinedPort> {
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

/** So many pages in a row are dropped by no browser that keeps pages at all. */
const PAGES_TO_LEAVE = 10;

/**
 * A page in the back/forward cache, with its port. Firefox drops a few: then another is left.
 * @throws {Error} when it drops all
 */
export async function joinAndLeave(world: World): Promise<{ place: Place; port: JoinedPort }> {
  for (let page = 0; page < PAGES_TO_LEAVE; page += 1) {
    const place = await world.openPage();
    const port = await join(world, place);
    if (await place.leave()) return { place, port };
    await place.close();
  }
  throw new Error(
    `Cannot try a page in the back/forward cache: the browser dropped ${PAGES_TO_LEAVE} of ${PAGES_TO_LEAVE}`,
  );
}
