/** A page's window as the stream listens to it: its events are trusted unless a test says otherwise. */
export interface FakeWindow {
  readonly window: Window;
  setHidden(hidden: boolean): void;
  /** Fires an event of the browser, or with `isTrusted: false` one that the page made up. */
  fire(type: 'pagehide' | 'pageshow' | 'freeze' | 'resume' | 'prerenderingchange', isTrusted?: boolean): void;
  listenerCount(): number;
}

type Listener = (event: { isTrusted: boolean }) => void;

export function createFakeWindow({ hidden = false, prerendering = false } = {}): FakeWindow {
  const listeners = new Map<string, Set<Listener>>();
  const addEventListener = (type: string, listener: Listener, { signal }: { signal: AbortSignal }): void => {
    const added = listeners.get(type) ?? new Set();
    listeners.set(type, added.add(listener));
    signal.addEventListener('abort', () => added.delete(listener));
  };
  const fire = (type: string, isTrusted: boolean): void => {
    for (const listener of listeners.get(type) ?? []) listener({ isTrusted });
  };
  const document = { prerendering, visibilityState: hidden ? 'hidden' : 'visible', addEventListener };

  return {
    window: { document, addEventListener } as unknown as Window,
    setHidden(now) {
      document.visibilityState = now ? 'hidden' : 'visible';
      fire('visibilitychange', true);
    },
    fire: (type, isTrusted = true) => fire(type, isTrusted),
    listenerCount: () => [...listeners.values()].reduce((count, added) => count + added.size, 0),
  };
}
