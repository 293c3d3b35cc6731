import { afterEach, describe, expect, test, vi } from 'vitest';
import { createFakeRuntime, createPortPair, type FakePort, type Flavour } from '../fakes/port.ts';
import { createFakeWorld } from './fake-world.ts';
import { runRules } from './run-rules.ts';

for (const flavour of ['chromium', 'firefox'] as const) {
  describe(`fake of ${flavour}`, () => {
    runRules(flavour, async (options) => createFakeWorld(flavour, options));
  });
}

function openStream(flavour: Flavour) {
  let background: FakePort | undefined;
  const runtime = createFakeRuntime({
    flavour,
    startBackground: ({ onConnect }) => onConnect.addListener((port) => (background = port)),
  });
  const port = runtime.openPage().runtime.connect({ name: 'updates' });
  const heard: unknown[] = [];
  port.onMessage.addListener((message) => heard.push(message));
  port.onDisconnect.addListener(() => heard.push('end'));
  runtime.flush();
  return { runtime, heard, post: (message: unknown) => background?.postMessage(message) };
}

describe('what only the fake can do', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each([
    [{ arriving: 0 }, ['end']],
    [{ arriving: 2 }, [1, 2, 'end']],
    [{}, [1, 2, 3, 'end']],
  ])('a background killed with %o leaves the page with %j', (options, expected) => {
    const { runtime, heard, post } = openStream('chromium');
    [1, 2, 3].forEach(post);
    runtime.killBackground(options);
    runtime.flush();
    expect(heard).toEqual(expected);
  });

  test('what is under way to a page of Firefox when the extension is updated never arrives', () => {
    const { runtime, heard, post } = openStream('firefox');
    post(1);
    runtime.updateExtension();
    runtime.flush();
    expect(heard).toEqual([]);
  });

  test('messages arrive while all timers are fake, in as many microtasks', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'queueMicrotask'] });
    const { page, background, settled } = createPortPair();
    const heard: unknown[] = [];
    background.onMessage.addListener((message) => heard.push(message));
    page.postMessage(1);
    page.postMessage(2);
    expect(heard).toEqual([]);
    await Promise.resolve();
    expect(heard).toEqual([1]);
    await settled();
    expect(heard).toEqual([1, 2]);
  });
});
