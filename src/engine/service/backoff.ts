const FIRST_MS = 100;
const LONGEST_MS = 30_000;

/** How long to wait before the `attempt`-th start in a row (from 1) that follows a death without progress: it doubles. */
export function backoffMs(attempt: number): number {
  return Math.min(FIRST_MS * 2 ** (attempt - 1), LONGEST_MS);
}
