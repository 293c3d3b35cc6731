import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkAddress, isPrivateHost } from '../../../utils/feeds/address';

const hostOf = (host: string): string => new URL(`http://${host}/`).hostname;

describe('a host', () => {
  test.each([
    'localhost',
    'localhost.',
    'demo.localhost',
    'printer',
    'nas.local',
    'NAS.LOCAL',
    'hub.home.arpa',
    '127.0.0.1',
    '127.255.0.9',
    '0x7f.1',
    '2130706433',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.10',
    '169.254.1.1',
    '[::1]',
    '[fc00::1]',
    '[fdab:1::2]',
    '[fe80::1]',
    '[febf::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:192.168.0.1]',
  ])('%s is private', (host) => {
    expect(isPrivateHost(hostOf(host))).toBe(true);
  });

  test.each([
    'example.com',
    'local.example.com',
    'a.local.example.com',
    'notlocal.com',
    'mylocalhost.com',
    'home.arpa',
    '8.8.8.8',
    '11.0.0.1',
    '172.15.0.1',
    '172.32.0.1',
    '192.169.0.1',
    '169.253.0.1',
    '0.0.0.0',
    '127.0.0.1.example.com',
    '10.example.com',
    '[::]',
    '[2001:db8::1]',
    '[fec0::1]',
    '[::ffff:8.8.8.8]',
    '[::fc00]',
  ])('%s is public', (host) => {
    expect(isPrivateHost(hostOf(host))).toBe(false);
  });
});

describe('an address', () => {
  test.each([
    ['https://example.com/a?b=1#c', 'poll', 'https://example.com/a?b=1'],
    ['HTTPS://Example.com:443', 'sse', 'https://example.com/'],
    ['http://localhost:4100/status.json', 'poll', 'http://localhost:4100/status.json'],
    ['ws://192.168.1.5/live', 'websocket', 'ws://192.168.1.5/live'],
    ['wss://example.com', 'websocket', 'wss://example.com/'],
  ] as const)('%s is taken for %s', (text, type, address) => {
    expect(checkAddress(text, type)).toEqual({ ok: true, address });
  });

  test.each([
    ['', 'poll', 'this is not an address'],
    ['example.com/x', 'poll', 'this is not an address'],
    ['http://', 'poll', 'this is not an address'],
    ['file:///etc/passwd', 'poll', '"file:" does not fit here: use http: or https:'],
    ['about:blank', 'sse', '"about:" does not fit here'],
    ['data:application/json,1', 'poll', '"data:" does not fit here'],
    ['wss://example.com', 'poll', '"wss:" does not fit here: use http: or https:'],
    ['https://example.com', 'websocket', '"https:" does not fit here: use ws: or wss:'],
    ['https://me:secret@example.com/', 'poll', 'a name or password may not stand in the address'],
    ['https://me@example.com/', 'poll', 'a name or password may not stand in the address'],
    ['http://example.com/', 'poll', 'example.com is a public host: use https:'],
    ['ws://example.com/', 'websocket', 'example.com is a public host: use wss:'],
    [`https://example.com/${'a'.repeat(3_000)}`, 'poll', 'the address is longer than 2048 characters'],
  ] as const)('%s is refused for %s', (text, type, reason) => {
    const checked = checkAddress(text, type);
    expect(checked.ok).toBe(false);
    expect(checked).toHaveProperty('reason', expect.stringContaining(reason));
  });

  test('of any text is taken twice or not at all', () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl({ withQueryParameters: true, withFragments: true }), fc.string()), (text) => {
        const checked = checkAddress(text, 'poll');
        expect(checked.ok ? checkAddress(checked.address, 'poll') : checked).toEqual(checked);
      }),
    );
  });
});
