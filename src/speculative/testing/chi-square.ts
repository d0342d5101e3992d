/** Pearson's statistic is chi-square distributed only where about five are expected in every cell. */
const MIN_EXPECTED = 5;

/**
 * How far counts lie from a law, in standard deviations: Pearson's statistic turned into a normal deviate (Wilson and
 * Hilferty 1931), so that one bound serves any number of cells. About 0 where the law is right; counts of what the law
 * gives probability 0 are infinitely far.
 */
export function chiSquareDeviate(counts: ReadonlyMap<string, number>, law: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const [outcome, count] of counts) {
    if (!law.has(outcome)) return Number.POSITIVE_INFINITY;
    total += count;
  }
  const rare = { expected: 0, count: 0 };
  const cells = [rare];
  for (const [outcome, probability] of [...law].sort((a, b) => a[1] - b[1])) {
    const cell = { expected: probability * total, count: counts.get(outcome) ?? 0 };
    if (rare.expected < MIN_EXPECTED) {
      rare.expected += cell.expected;
      rare.count += cell.count;
    } else cells.push(cell);
  }
  const freedom = cells.length - 1;
  if (freedom < 1) throw new RangeError(`a sample of ${total} says nothing about a law of ${law.size} outcomes`);
  const statistic = cells.reduce((sum, { expected, count }) => sum + (count - expected) ** 2 / expected, 0);
  return (Math.cbrt(statistic / freedom) - 1 + 2 / (9 * freedom)) / Math.sqrt(2 / (9 * freedom));
}

/** Counts the outcomes of a sample. */
export function tally(outcomes: Iterable<string | number>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const outcome of outcomes) counts.set(String(outcome), (counts.get(String(outcome)) ?? 0) + 1);
  return counts;
}
