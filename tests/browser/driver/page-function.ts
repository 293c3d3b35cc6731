import type { PageFunction } from './test-browser.ts';

/** An expression that calls `fn` with `args`, and gives a promise of its result as JSON text (`undefined` as `null`). */
export function callExpression<Args extends unknown[], Result>(
  fn: PageFunction<Args, Result>,
  args: readonly unknown[],
): string {
  const list = args.map((arg) => JSON.stringify(arg) ?? 'undefined').join(', ');
  return `(async () => JSON.stringify((await (${functionSource(fn)})(${list})) ?? null))()`;
}

/** Source of `fn`. A text that is not a function is an expression: its value is the result. */
export function functionSource<Args extends unknown[], Result>(fn: PageFunction<Args, Result>): string {
  if (typeof fn === 'function') return fn.toString();
  const isFunction = /^\s*(?:async\s+)?(?:function\b|\([^()]*\)\s*=>|\w+\s*=>)/.test(fn);
  return isFunction ? fn : `() => (${fn}\n)`;
}
