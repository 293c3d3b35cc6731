import { fakeBrowser } from '@webext-core/fake-browser';
import type { Sender } from '../../utils/stream/port';

type Listener = (message: unknown, sender: Sender) => Promise<unknown> | undefined;

export interface FakeMessages {
  /** How many listen. */
  readonly listeners: number;
  /** What the first listener that answers makes of a message; `undefined` when none does. */
  answer(message: unknown): Promise<unknown> | undefined;
}

/** Gives the fake browser `runtime.sendMessage` and `runtime.onMessage`. `sender` is asked who sends at each message. */
export function installMessages(sender: () => Sender): FakeMessages {
  const listeners = new Set<Listener>();
  const answer = (message: unknown): Promise<unknown> | undefined => {
    const copy: unknown = structuredClone(message);
    for (const listener of listeners) {
      const answered = listener(copy, sender());
      if (answered) return answered;
    }
    return undefined;
  };
  Object.assign(fakeBrowser.runtime, {
    sendMessage: async (message: unknown) => {
      if (listeners.size === 0) throw new Error('Receiving end does not exist');
      return structuredClone(await answer(message));
    },
    onMessage: {
      addListener: (listener: Listener) => void listeners.add(listener),
      removeListener: (listener: Listener) => void listeners.delete(listener),
    },
  });
  return {
    get listeners() {
      return listeners.size;
    },
    answer,
  };
}
