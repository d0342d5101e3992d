import type { Token } from './distribution.js';

/** Leading tokens that two texts share. */
export function commonLength(a: readonly Token[], b: readonly Token[]): number {
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) i++;
  return i;
}
