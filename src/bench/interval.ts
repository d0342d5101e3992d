/** The middle of the values; between the two middle ones where their number is even. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Fewer values do not bound a median with 95 % confidence. */
export const LEAST_FOR_INTERVAL = 6;

/**
 * A 95 % confidence interval of the median, from order statistics: the k-th smallest and the k-th largest value, k as
 * large as P(Binomial(n, 1/2) < k) <= 2.5 % allows. Exact for values of any law, no resampling, so the same values give
 * the same interval. Fewer than six values cannot bound a median at that confidence: there it is their whole range
 * (five: 94 %, four: 88 %, three: 75 %).
 */
export function medianInterval(values: readonly number[]): readonly [number, number] {
  const sorted = values.toSorted((a, b) => a - b);
  const skipped = Math.max(0, skippedAtEachEnd(sorted.length));
  return [sorted[skipped]!, sorted[sorted.length - 1 - skipped]!];
}

function skippedAtEachEnd(count: number): number {
  let probability = 0.5 ** count;
  let below = probability;
  let k = 0;
  while (below <= 0.025) {
    probability *= (count - k) / (k + 1);
    below += probability;
    k += 1;
  }
  return k - 1;
}

/** What two ways of doing the same thing cost side by side: `base[i] / other[i]` of each repetition. */
export function pairedRatios(base: readonly number[], other: readonly number[]): number[] {
  return base.slice(0, other.length).map((value, i) => value / other[i]!);
}

/** NaN for none. */
export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
