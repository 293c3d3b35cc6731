export interface FakeEvent<Args extends unknown[]> {
  addListener(listener: (...args: Args) => void): void;
  removeListener(listener: (...args: Args) => void): void;
  hasListener(listener: (...args: Args) => void): boolean;
}

/** An event with its firing end. */
export interface Event<Args extends unknown[]> extends FakeEvent<Args> {
  fire(...args: Args): void;
  readonly size: number;
}

/** Fires in the order of adding; what a listener throws becomes an unhandled rejection. */
export function createEvent<Args extends unknown[]>(): Event<Args> {
  const listeners = new Set<(...args: Args) => void>();
  return {
    addListener: (listener) => void listeners.add(listener),
    removeListener: (listener) => void listeners.delete(listener),
    hasListener: (listener) => listeners.has(listener),
    fire(...args) {
      // A copy: what a listener adds is not run for this event.
      for (const listener of Array.from(listeners)) {
        try {
          listener(...args);
        } catch (error) {
          // A browser reports it and runs the other listeners; here the unhandled rejection fails the test.
          void Promise.reject(error);
        }
      }
    },
    get size() {
      return listeners.size;
    },
  };
}

interface Task {
  run(): void;
  /** Set for messages: whose they are. */
  from: object | null;
}

/** The queue that {@link createDelivery} makes. */
export interface Delivery {
  /** `from`: whose message it is, for {@link Delivery.cut}. */
  add(run: () => void, from?: object | null): void;
  /** Drops the messages of `from` that are under way, except for the first `keep`. */
  cut(from: object, keep: number): void;
  /** Runs all, and what that adds, before it returns. */
  flush(): void;
  /** Resolves when nothing is under way. */
  settled(): Promise<void>;
}

/** The one queue of a fake: an event per microtask, in order. */
export function createDelivery(): Delivery {
  const tasks: Task[] = [];
  let pumping = false;
  const step = (): void => {
    tasks.shift()?.run();
    pumping = tasks.length > 0;
    // A promise, not queueMicrotask: fake timers may replace that.
    if (pumping) void Promise.resolve().then(step);
  };
  const settled = (): Promise<void> => (tasks.length === 0 ? Promise.resolve() : Promise.resolve().then(settled));
  return {
    add(run: () => void, from: object | null = null): void {
      tasks.push({ run, from });
      if (pumping) return;
      pumping = true;
      void Promise.resolve().then(step);
    },
    cut(from: object, keep: number): void {
      const own = tasks.filter((task) => task.from === from).slice(keep);
      for (const task of own) tasks.splice(tasks.indexOf(task), 1);
    },
    flush(): void {
      for (let task = tasks.shift(); task; task = tasks.shift()) task.run();
    },
    settled,
  };
}
