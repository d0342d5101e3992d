/** A prediction for drafts of one length. */
export interface ExpectedSpeedup {
  /** Over plain decoding. */
  readonly speedup: number;
  readonly length: number;
}

/**
 * The best that drafts of a fixed length can be expected to gain. With acceptance rate a, the same for each token whatever
 * came before, a round with k drafted tokens gives 1 + a + ... + a^k tokens (Leviathan et al., 2211.17192) and costs k
 * passes of the draft model and a pass of k + 1 rows of the target. Length 0 is plain decoding, so never below 1.
 *
 * @param targetMs what a pass of 1, 2, ... rows costs, at least the first
 * @param draftMs what a pass of the draft model costs
 */
export function expectedSpeedup(acceptance: number, targetMs: readonly number[], draftMs: number): ExpectedSpeedup {
  const plain = targetMs[0]!;
  let best: ExpectedSpeedup = { speedup: 1, length: 0 };
  let tokens = 1;
  for (let length = 1; length < targetMs.length; length++) {
    tokens += acceptance ** length;
    const speedup = (tokens * plain) / (length * draftMs + targetMs[length]!);
    if (speedup > best.speedup) best = { speedup, length };
  }
  return best;
}
