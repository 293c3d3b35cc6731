import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createReturnAllowance, keepInPage, MAX_RETURNS, RETURN_WINDOW_MS } from '../../../utils/ui/keep-in-page';
import { createDom } from '../../fakes/dom';

describe('return allowance', () => {
  it('allows three returns a minute, whenever the minute begins', () => {
    const mayReturn = createReturnAllowance();
    const times = [0, 10_000, 20_000, 30_000, RETURN_WINDOW_MS - 1, RETURN_WINDOW_MS, RETURN_WINDOW_MS + 1, 70_000];
    expect(times.map(mayReturn)).toEqual([true, true, true, false, false, true, false, true]);
  });

  it('never allows more in any minute', () => {
    const mayReturn = createReturnAllowance();
    const returns: number[] = [];
    for (let now = 0; now < 10 * RETURN_WINDOW_MS; now += 777) if (mayReturn(now)) returns.push(now);
    returns.forEach((at, index) => {
      const next = returns[index + MAX_RETURNS];
      if (next !== undefined) expect(next - at).toBeGreaterThanOrEqual(RETURN_WINDOW_MS);
    });
    expect(returns.length).toBeGreaterThan(20);
  });
});

describe('element kept in a page', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  function createBench() {
    const { window, document } = createDom();
    vi.stubGlobal('MutationObserver', window.MutationObserver);
    const [host, ending, onGone] = [document.createElement('div'), new AbortController(), vi.fn<() => void>()];
    keepInPage(host, { document, successor: ':root > [data-ours]', onGone, signal: ending.signal });
    /** Removes the host as a page does, and says whether it came back. */
    const remove = async (): Promise<boolean> => {
      host.remove();
      await vi.advanceTimersByTimeAsync(0);
      return host.parentNode === document.documentElement;
    };
    return { document, host, ending, onGone, remove };
  }

  it('stands under the root element', () => {
    const { document, host } = createBench();
    expect(host.parentNode).toBe(document.documentElement);
  });

  it('comes back three times a minute, and is gone with the fourth', async () => {
    const { remove, onGone } = createBench();
    expect([await remove(), await remove(), await remove()]).toEqual([true, true, true]);
    expect(onGone).not.toHaveBeenCalled();
    expect(await remove()).toBe(false);
    expect(onGone).toHaveBeenCalledOnce();
  });

  it('comes back again when a minute has passed', async () => {
    const { remove, onGone } = createBench();
    for (let n = 0; n < MAX_RETURNS; n += 1) await remove();
    vi.advanceTimersByTime(RETURN_WINDOW_MS);
    expect(await remove()).toBe(true);
    expect(onGone).not.toHaveBeenCalled();
  });

  it('is told once that it is gone, whatever the page does after', async () => {
    const { document, host, remove, onGone } = createBench();
    for (let n = 0; n <= MAX_RETURNS; n += 1) await remove();
    document.documentElement.append(host);
    await remove();
    expect(onGone).toHaveBeenCalledOnce();
  });

  it('stays away for its successor', async () => {
    const { document, remove, onGone } = createBench();
    const successor = document.createElement('div');
    successor.dataset['ours'] = '';
    document.documentElement.append(successor);
    expect(await remove()).toBe(false);
    expect(onGone).toHaveBeenCalledOnce();
  });

  it('comes back when the page moves it elsewhere', async () => {
    const { document, host } = createBench();
    document.body.append(host);
    await vi.advanceTimersByTimeAsync(0);
    expect(host.parentNode).toBe(document.documentElement);
  });

  it('moves to the root element that replaces the one it stood under, and is kept there', async () => {
    const { document, host, remove } = createBench();
    const root = document.createElement('html');
    document.documentElement.remove();
    document.append(root);
    await vi.advanceTimersByTimeAsync(0);
    expect(host.parentNode).toBe(root);
    expect(await remove()).toBe(true);
  });

  it('minds nothing else that the page changes', async () => {
    const { document, remove, onGone } = createBench();
    for (let n = 0; n < 10; n += 1) {
      document.documentElement.append(document.createElement('p'));
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(await remove()).toBe(true);
    expect(onGone).not.toHaveBeenCalled();
  });

  it('leaves with its signal, without a word and for good', async () => {
    const { host, ending, onGone } = createBench();
    ending.abort();
    expect(host.isConnected).toBe(false);
    await vi.advanceTimersByTimeAsync(0);
    expect(host.isConnected).toBe(false);
    expect(onGone).not.toHaveBeenCalled();
  });

  it('that the page removed a moment before its signal aborts does not come back', async () => {
    const { host, ending, onGone } = createBench();
    host.remove();
    ending.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(host.isConnected).toBe(false);
    expect(onGone).not.toHaveBeenCalled();
  });
});
