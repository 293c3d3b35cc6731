import type { SourceDeps } from '../../../utils/feeds/source';
import { type Body, createWorld, streamTo } from './world';

/** An event stream that numbers its events from 1, keeps them all, and goes on after the id that a request names. */
export interface NumberedServer {
  /** The world of a hub that asks it. */
  readonly deps: SourceDeps;
  /** How many events it told. */
  readonly told: number;
  /** Tells `count` more, each with its number as data, and behind that the padding. */
  tell(count: number, padding?: string): void;
  /** Ends every connection as a network does. */
  cut(): void;
}

/** Makes a server that has told nothing yet. Use with `vi.useFakeTimers()`. */
export function createNumberedServer(): NumberedServer {
  const { deps, asked } = createWorld();
  const history: string[] = [];
  let open: Body[] = [];

  return {
    deps: {
      ...deps,
      fetch(...request) {
        const response = deps.fetch(...request);
        const last = asked.at(-1);
        if (last === undefined) throw new Error('nothing was asked');
        const body = streamTo(last);
        // Without an id it begins with what comes next.
        body.write(history.slice(Number(last.headers['Last-Event-ID'] ?? history.length)).join(''));
        open.push(body);
        return response;
      },
    },
    get told() {
      return history.length;
    },
    tell(count, padding = '') {
      const from = history.length;
      for (let id = from + 1; id <= from + count; id += 1) history.push(`id: ${id}\ndata: ${id}${padding}\n\n`);
      for (const body of open) body.write(history.slice(from).join(''));
    },
    cut() {
      for (const body of open) body.cut();
      open = [];
    },
  };
}
