import { afterEach, describe, expect, test, vi } from 'vitest';
import { isPrivateHost } from '../../../utils/feeds/address';
import { DEVELOPMENT_DEFAULTS, STORE_DEFAULTS } from '../../../utils/settings/defaults';
import { parseSettings } from '../../../utils/settings/settings';

describe.each([
  ['the store', STORE_DEFAULTS],
  ['development', DEVELOPMENT_DEFAULTS],
])('defaults of %s', (_, defaults) => {
  test('parse, and lose nothing by it', () => {
    expect(parseSettings(structuredClone(defaults))).toEqual({ ok: true, settings: defaults });
  });

  test('have the pulse of the background', () => {
    const paths = defaults.feeds.filter(({ source }) => source.type === 'pulse').map(({ path }) => path);
    expect(paths).toEqual(['$.uptime', '$.openStreams']);
  });

  test('reach no other machine', () => {
    const addresses = defaults.feeds.flatMap(({ source }) => ('address' in source ? [source.address] : []));
    expect(addresses.filter((address) => !isPrivateHost(new URL(address).hostname))).toEqual([]);
  });
});

test('a new install from a store shows on no page, and asks no source', () => {
  expect(STORE_DEFAULTS.sites).toEqual([]);
  expect(STORE_DEFAULTS.feeds.filter(({ source }) => source.type !== 'pulse')).toEqual([]);
});

test('development has a source of each type', () => {
  const types = new Set(DEVELOPMENT_DEFAULTS.feeds.map(({ source }) => source.type));
  expect([...types].toSorted()).toEqual(['poll', 'pulse', 'sse', 'websocket']);
});

describe('defaults of a build', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.resetModules();
  });

  test.each([
    ['production', STORE_DEFAULTS],
    ['development', DEVELOPMENT_DEFAULTS],
    ['test', DEVELOPMENT_DEFAULTS],
  ])('of mode %s', async (mode, expected) => {
    vi.stubEnv('MODE', mode);
    vi.resetModules();
    const { DEFAULTS } = await import('../../../utils/settings/defaults');
    expect(DEFAULTS).toEqual(expected);
  });
});
