import { fakeBrowser } from '@webext-core/fake-browser';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { openPort } from '../../../utils/pages/open-port';
import { createPortPair, type FakePort } from '../../fakes/port';

const connect = vi.fn<(info: { name: string }) => FakePort>();
const readLastError = vi.fn<() => undefined>();

beforeEach(() => {
  vi.resetAllMocks();
  Object.assign(fakeBrowser.runtime, { connect });
  Object.defineProperty(fakeBrowser.runtime, 'lastError', { get: readLastError, configurable: true });
});

describe('openPort', () => {
  test('opens a port of that name and hands it over', () => {
    const { page } = createPortPair();
    connect.mockReturnValue(page);
    expect(openPort('updates')).toBe(page);
    expect(connect).toHaveBeenCalledExactlyOnceWith({ name: 'updates' });
  });

  test('reads the cause when the port ends, and not before', () => {
    const { page, background, flush } = createPortPair();
    connect.mockReturnValue(page);
    openPort('updates');
    expect(readLastError).not.toHaveBeenCalled();
    background.disconnect();
    flush();
    expect(readLastError).toHaveBeenCalledOnce();
  });

  test('throws when the extension is gone', () => {
    connect.mockImplementation(() => {
      throw new Error('Extension context invalidated.');
    });
    expect(() => openPort('updates')).toThrow('Extension context invalidated.');
  });
});
