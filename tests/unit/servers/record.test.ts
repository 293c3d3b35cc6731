import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRecord } from '../../servers/record';

describe('record', () => {
  it('record keeps the newest items up to its limit, numbered without a gap', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(60), fc.nat(70), fc.nat(20), (limit, count, from, max) => {
        const record = createRecord<number>(limit);
        for (let i = 0; i < count; i += 1) record.append((n) => n);
        const kept = Array.from({ length: count }, (_, i) => i + 1).slice(-limit);
        expect(record.newest).toBe(count);
        expect(record.oldest).toBe(kept[0] ?? 1);
        expect(record.after(from, max)).toEqual(kept.filter((n) => n > from).slice(0, max));
      }),
    );
  });

  it('record begins at 1 again when it restarts', () => {
    const record = createRecord<string>(3);
    for (let i = 0; i < 5; i += 1) record.append(() => 'old');
    record.restart();
    expect(record.after(0)).toEqual([]);
    expect(record.append((n) => `new ${n}`)).toBe('new 1');
    expect(record.after(0)).toEqual(['new 1']);
  });
});
