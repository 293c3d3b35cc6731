import { describe, expect, it, vi } from 'vitest';
import { createRenderLoop, type RenderPage, TICK_MS } from '../../../utils/ui/render-loop';

/** A page whose frames and time are moved by hand. */
function createPage() {
  const frames = new Map<number, FrameRequestCallback>();
  const timers = new Map<number, () => void>();
  let id = 0;
  const document = Object.assign(new EventTarget(), { hidden: false });
  const page = Object.assign(new EventTarget(), {
    document,
    requestAnimationFrame: (callback: FrameRequestCallback) => {
      frames.set(++id, callback);
      return id;
    },
    cancelAnimationFrame: (frame: number) => void frames.delete(frame),
    setInterval: (callback: () => void, ms: number) => {
      expect(ms).toBe(TICK_MS);
      timers.set(++id, callback);
      return id;
    },
    clearInterval: (timer: number) => void timers.delete(timer),
  }) as unknown as RenderPage & EventTarget;
  return {
    page,
    frames,
    timers,
    frame() {
      const due = [...frames.values()];
      frames.clear();
      for (const callback of due) callback(0);
    },
    tick() {
      for (const callback of timers.values()) callback();
    },
    show(visible: boolean) {
      document.hidden = !visible;
      document.dispatchEvent(new Event('visibilitychange'));
    },
  };
}

function start() {
  const fake = createPage();
  const ending = new AbortController();
  const render = vi.fn<() => void>();
  const request = createRenderLoop(fake.page, render, ending.signal);
  return { ...fake, ending, render, request };
}

describe('render loop', () => {
  it('renders once per frame however often it is asked', () => {
    const { frame, render, request } = start();
    request();
    request();
    frame();
    expect(render).toHaveBeenCalledTimes(1);
    frame();
    expect(render).toHaveBeenCalledTimes(1);
    request();
    frame();
    expect(render).toHaveBeenCalledTimes(2);
  });

  it('renders at the next frame after each tick', () => {
    const { frame, tick, render } = start();
    frame();
    tick();
    expect(render).toHaveBeenCalledTimes(1);
    frame();
    expect(render).toHaveBeenCalledTimes(2);
  });

  it('has neither frame nor timer while the page is hidden, and renders when it shows', () => {
    const { show, frames, timers, request, frame, render } = start();
    frame();
    show(false);
    request();
    expect([frames.size, timers.size]).toEqual([0, 0]);
    show(true);
    expect([frames.size, timers.size]).toEqual([1, 1]);
    frame();
    expect(render).toHaveBeenCalledTimes(2);
  });

  it('keeps one timer when the page shows twice', () => {
    const { page, show, frames, timers } = start();
    show(true);
    page.dispatchEvent(new Event('pageshow'));
    expect([frames.size, timers.size]).toEqual([1, 1]);
  });

  it('leaves nothing when its signal aborts', () => {
    const { ending, frames, timers, request, show } = start();
    ending.abort();
    request();
    show(true);
    expect([frames.size, timers.size]).toEqual([0, 0]);
  });
});
