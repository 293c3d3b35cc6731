import { vi } from 'vitest';
import type { Demo } from '../../servers/demo';

/** Resolves when the demo's own WebSocket source has told 10 messages at 200 a second: the demo has been at work for 50 ms. */
export async function afterATwentiethSecond(demo: Demo): Promise<void> {
  const before = demo.socket.record.newest;
  demo.control('socket', { action: 'rate', perSecond: 200 });
  await vi.waitUntil(() => demo.socket.record.newest >= before + 10);
  demo.control('socket', { action: 'rate', perSecond: 0 });
}
