import { connectionKey } from './connection-key';
import type { Feed } from './feed';

/**
 * Names the decisions that make the values of a feed what they are: source, kind and path. It is the same in each background,
 * and another after an edit, but for one edit in 65 536.
 *
 * Pages get it, and the address may hold a secret. 16 bits of an address cannot be turned back into it, and too many addresses
 * share them for a guess to be proven: a longer name would confirm one.
 */
export function feedDefinition({ id, kind, path, source }: Feed): string {
  // FNV-1a, folded: http://www.isthe.com/chongo/tech/comp/fnv/#xor-fold
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(JSON.stringify([id, kind, path, connectionKey(source)]))) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return (((hash >>> 16) ^ hash) & 0xffff).toString(16).padStart(4, '0');
}
