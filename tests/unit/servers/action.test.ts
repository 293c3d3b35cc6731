import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAction } from '../../servers/action';

describe('parseAction', () => {
  it.each([
    { action: 'stop' },
    { action: 'stop', retryAfterS: 2, closeCode: 1012 },
    { action: 'fail', status: 401 },
    { action: 'fail', status: 302, location: 'ftp://elsewhere/' },
    { action: 'silent' },
    { action: 'burst', count: 50_000 },
    { action: 'nonsense', kind: 'bom' },
    { action: 'rate', perSecond: 0.5 },
    { action: 'return' },
    { action: 'restart' },
  ])('parseAction takes $action', (action) => {
    expect(parseAction(action)).toEqual({ ok: true, action });
  });

  it.each([
    [null, 'the action is not a JSON object'],
    [[], 'the action is not a JSON object'],
    [{}, '"action" must be one of'],
    [{ action: 'toString' }, '"action" must be one of'],
    [{ action: 'burst', count: 50_001 }, '"count" must be a whole number from 1 to 50000'],
    [{ action: 'burst', count: 1.5 }, '"count" must be a whole number'],
    [{ action: 'burst', number: 5 }, '"burst" has no field "number"'],
    [{ action: 'fail' }, '"status" must be a whole number from 300 to 599'],
    [{ action: 'fail', status: 200 }, '"status" must be'],
    [{ action: 'fail', status: 302, location: 'a\r\nb' }, '"location" must be an address'],
    [{ action: 'rate' }, '"perSecond" must be a number from 0 to 2000'],
    [{ action: 'rate', perSecond: 2001 }, '"perSecond" must be'],
    [{ action: 'nonsense', kind: 'poetry' }, '"kind" must be one of broken-json'],
  ])('parseAction says what is wrong with %j', (action, reason) => {
    expect(parseAction(action)).toEqual({ ok: false, reason: expect.stringContaining(reason) });
  });

  it('parseAction never throws', () => {
    fc.assert(
      fc.property(fc.anything(), (x) => {
        expect(parseAction(x).ok).toBe(false);
      }),
    );
  });
});
