import type { FakePort } from '../fakes/port';
import type { Escapes } from './campaign';

type Listener = (message: unknown) => void;

/** A port whose owner's listeners are guarded: what they throw is an escape. */
export function guardPort(port: FakePort, escapes: Escapes): FakePort {
  const wrap = <Event extends FakePort['onMessage'] | FakePort['onDisconnect']>(event: Event): Event => {
    const guarded = new Map<Listener, Listener>();
    return {
      ...event,
      addListener(listener: Listener) {
        const safe = escapes.guard(listener);
        guarded.set(listener, safe);
        event.addListener(safe);
      },
      removeListener(listener: Listener) {
        event.removeListener(guarded.get(listener) ?? listener);
      },
    };
  };
  // By descriptors, for `error` is a getter.
  return Object.defineProperties(
    { ...port, onMessage: wrap(port.onMessage), onDisconnect: wrap(port.onDisconnect) },
    {
      error: { get: () => port.error },
    },
  );
}

/** Posts as whoever sits at the other end; `false` when the browser itself refuses to carry it, or the port is closed. */
export function tryPost(port: FakePort, message: unknown): boolean {
  try {
    port.postMessage(message);
    return true;
  } catch {
    // DataCloneError, a cycle for JSON, or a closed port: nothing arrives.
    return false;
  }
}
