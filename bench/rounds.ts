/** `items` beginning with another one each round, so that none is always measured first. */
export const rotate = <Item>(items: readonly Item[], round: number): Item[] => [
  ...items.slice(round % items.length),
  ...items.slice(0, round % items.length),
];
