import type { Rule } from './rule.ts';
import { BACKGROUND_LIFE_RULES } from './rules/background-life.ts';
import { DELIVERY_RULES } from './rules/delivery.ts';
import { PAGE_LIFE_RULES } from './rules/page-life.ts';
import { SENDER_RULES } from './rules/senders.ts';

/** The rules of ports on which the stream relies. */
export const RULES: readonly Rule[] = [
  ...DELIVERY_RULES,
  ...BACKGROUND_LIFE_RULES,
  ...PAGE_LIFE_RULES,
  ...SENDER_RULES,
];
