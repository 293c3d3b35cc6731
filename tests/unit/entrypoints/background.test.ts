import { fakeBrowser } from '@webext-core/fake-browser';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import background from '../../../entrypoints/background/index';
import { createServices, type Services } from '../../../utils/background/services';
import { createPortPair, type FakePort } from '../../fakes/port';

vi.mock(import('../../../utils/background/services'), () => ({ createServices: vi.fn<() => Services>() }));

const createEvent = <Parameters extends unknown[]>() => {
  const listeners: ((...parameters: Parameters) => void)[] = [];
  return {
    addListener: (listener: (...parameters: Parameters) => void) => void listeners.push(listener),
    fire: (...parameters: Parameters): void => {
      for (const listener of listeners) listener(...parameters);
    },
    get size() {
      return listeners.length;
    },
  };
};

const services = {
  publisher: { accept: vi.fn(), closeAll: vi.fn() },
  responder: { accept: vi.fn() },
  serveSettings: vi.fn(),
  installed: vi.fn(),
  showInOpenPages: vi.fn(),
  recheckAccess: vi.fn(),
  windowClosed: vi.fn(),
};

/** Runs the background in a browser. */
function run({ suspends = true, locks = true } = {}) {
  const events = {
    onConnect: createEvent<[FakePort]>(),
    onInstalled: createEvent<[{ reason: string }]>(),
    onSuspend: createEvent<[]>(),
    onAdded: createEvent<[]>(),
    onRemoved: createEvent<[]>(),
    onWindowRemoved: createEvent<[number]>(),
  };
  const { onConnect, onInstalled, onSuspend, onAdded, onRemoved, onWindowRemoved } = events;
  const readLastError = vi.fn<() => undefined>();
  Object.assign(fakeBrowser.runtime, { onConnect, onInstalled, onSuspend: suspends ? onSuspend : undefined });
  Object.assign(fakeBrowser, { permissions: { onAdded, onRemoved }, windows: { onRemoved: onWindowRemoved } });
  Object.defineProperty(fakeBrowser.runtime, 'lastError', { get: readLastError, configurable: true });
  const setAccessLevel = vi.fn(() => Promise.resolve());
  Object.assign(fakeBrowser.storage.local, { setAccessLevel: locks ? setAccessLevel : undefined });
  background.main();
  const connect = (name: string) => {
    const pair = createPortPair({ name });
    const ended = vi.fn<() => void>();
    pair.page.onDisconnect.addListener(ended);
    onConnect.fire(pair.background);
    pair.flush();
    return { ...pair, ended };
  };
  return { ...events, readLastError, setAccessLevel, connect };
}

beforeEach(() => {
  vi.resetAllMocks();
  vi.mocked(createServices).mockReturnValue(services as unknown as Services);
});

describe('background', () => {
  test('is a module, and has all its listeners in the turn in which it starts', () => {
    expect(background.type).toBe('module');
    const events = run();
    const sizes = ['onConnect', 'onInstalled', 'onSuspend', 'onAdded', 'onRemoved', 'onWindowRemoved'] as const;
    expect(sizes.map((name) => events[name].size)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(services.serveSettings).toHaveBeenCalledOnce();
  });

  test('starts where the browser tells nothing of a stop', () => {
    expect(() => run({ suspends: false })).not.toThrow();
  });

  test('hands each port to whom its name says, at once', () => {
    const { connect } = run();
    const updates = connect('updates');
    const conversation = connect('conversation');
    expect(services.publisher.accept).toHaveBeenCalledExactlyOnceWith(updates.background);
    const hidden = connect('private-conversation');
    expect(services.responder.accept.mock.calls).toEqual([[conversation.background], [hidden.background]]);
    expect([updates, conversation, hidden].map(({ ended }) => ended.mock.calls.length)).toEqual([0, 0, 0]);
  });

  test.each(['', 'Updates', 'other', 'updates '])('closes a port of the name "%s"', (name) => {
    const { connect } = run();
    expect(connect(name).ended).toHaveBeenCalledOnce();
    expect(services.publisher.accept).not.toHaveBeenCalled();
    expect(services.responder.accept).not.toHaveBeenCalled();
  });

  test('reads the cause of each end', () => {
    const { connect, readLastError } = run();
    const { page, flush } = connect('updates');
    expect(readLastError).not.toHaveBeenCalled();
    page.disconnect();
    flush();
    expect(readLastError).toHaveBeenCalledOnce();
  });

  test('takes up that it was installed', () => {
    const { onInstalled } = run();
    onInstalled.fire({ reason: 'install' });
    expect(services.installed).toHaveBeenCalledExactlyOnceWith({ reason: 'install' });
  });

  test('shows the panel in open pages when it may run on more of them', () => {
    const { onAdded } = run();
    expect(services.showInOpenPages).not.toHaveBeenCalled();
    onAdded.fire();
    expect(services.showInOpenPages).toHaveBeenCalledOnce();
  });

  test('asks again what may be seen and read when a permission is given or taken away', () => {
    const { onAdded, onRemoved } = run();
    onRemoved.fire();
    expect(services.recheckAccess).toHaveBeenCalledOnce();
    onAdded.fire();
    expect(services.recheckAccess).toHaveBeenCalledTimes(2);
  });

  test('looks whether a private window is left when one is closed', () => {
    const { onWindowRemoved } = run();
    expect(services.windowClosed).not.toHaveBeenCalled();
    onWindowRemoved.fire(7);
    expect(services.windowClosed).toHaveBeenCalledOnce();
  });

  test('says to its pages that it is about to stop', () => {
    const { onSuspend } = run();
    onSuspend.fire();
    expect(services.publisher.closeAll).toHaveBeenCalledExactlyOnceWith('shutting-down');
  });

  test('keeps content scripts out of storage.local, and starts where the browser cannot', () => {
    expect(run().setAccessLevel).toHaveBeenCalledExactlyOnceWith({ accessLevel: 'TRUSTED_CONTEXTS' });
    expect(() => run({ locks: false })).not.toThrow();
  });
});
