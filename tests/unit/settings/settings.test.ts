import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEVELOPMENT_DEFAULTS, STORE_DEFAULTS } from '../../../utils/settings/defaults';
import { MAX_FEEDS, parseSettings } from '../../../utils/settings/settings';

const [FEED] = DEVELOPMENT_DEFAULTS.feeds;
const [SITE] = DEVELOPMENT_DEFAULTS.sites;

describe('parseSettings', () => {
  test.each([
    ['of the store', STORE_DEFAULTS],
    ['of development', DEVELOPMENT_DEFAULTS],
  ])('takes the defaults %s unchanged', (_, defaults) => {
    expect(parseSettings(JSON.parse(JSON.stringify(defaults)))).toEqual({ ok: true, settings: defaults });
  });

  test.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /settings/],
    ['another version', { ...STORE_DEFAULTS, version: 2 }, /^version: /],
    ['no feeds', { version: 1, sites: [] }, /feeds/],
    ['a bad feed', { version: 1, feeds: [FEED, { ...FEED, id: 'x', path: 'queue' }], sites: [] }, /^feeds\.1: /],
    ['two feeds of one id', { version: 1, feeds: [FEED, FEED], sites: [] }, /"queue-depth" is the id of more than one/],
    ['two sites of one id', { version: 1, feeds: [], sites: [SITE, SITE] }, /"demo" is the id of more than one/],
    [
      'a pattern that is none',
      { version: 1, feeds: [], sites: [{ ...SITE, patterns: ['localhost'] }] },
      /"localhost" is not/,
    ],
    [
      'a pattern for files',
      { version: 1, feeds: [], sites: [{ ...SITE, patterns: ['file:///*'] }] },
      /"file:.*" is not/,
    ],
    ['a site without a pattern', { version: 1, feeds: [], sites: [{ ...SITE, patterns: [] }] }, /sites\.0\.patterns/],
    ['too many feeds', { version: 1, feeds: Array.from({ length: MAX_FEEDS + 1 }, () => FEED), sites: [] }, /feeds/],
  ])('refuses %s and says what is wrong', (_, settings, reason) => {
    expect(parseSettings(settings)).toEqual({ ok: false, reason: expect.stringMatching(reason) as string });
  });

  test('never throws', () => {
    const near = fc.record({ feeds: fc.array(fc.anything()), sites: fc.array(fc.anything()) });
    fc.assert(fc.property(fc.oneof(fc.anything(), near), (x) => typeof parseSettings(x).ok === 'boolean'));
  });
});
