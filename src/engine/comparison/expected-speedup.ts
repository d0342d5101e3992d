import { CostCurve } from '../../speculative/index.js';
import type { ModelPassCosts, PassCosts } from '../pass-costs.js';

/** A prediction for drafts of one length. */
export interface ExpectedSpeedup {
  /** Over plain decoding. */
  readonly speedup: number;
  readonly length: number;
}

/** Milliseconds of passes. */
export interface DraftingCosts {
  /** Of 1, 2, ... rows of the target, at least the first: for drafts of up to one token less. */
  readonly verify: readonly number[];
  /** Of one row of the draft model. */
  readonly forward: number;
}

/** Drafts of up to 16 tokens, as the engine has them without another wish. */
const ROWS = 17;

/** What passes cost at that depth of the context; `undefined` where the draft model's are not known. */
export function draftingCosts({ target, drafts }: PassCosts, draft: string, depth: number): DraftingCosts | undefined {
  const known = drafts[draft];
  if (known === undefined) return undefined;
  const verify = curveOf(target);
  return {
    verify: Array.from({ length: ROWS }, (_, i) => verify.at(i + 1, depth)),
    forward: curveOf(known).at(1, depth),
  };
}

function curveOf({ points, depths }: ModelPassCosts): CostCurve {
  return new CostCurve({ points, levels: depths.map(({ factor }) => factor) });
}

/**
 * The best that drafts of a fixed length can be expected to gain. With acceptance rate a, the same for each token whatever
 * came before, a round with k drafted tokens gives 1 + a + ... + a^k tokens (Leviathan et al., 2211.17192) and costs k
 * passes of the draft model and a pass of k + 1 rows of the target. Length 0 is plain decoding, so never below 1.
 */
export function expectedSpeedup(acceptance: number, { verify, forward }: DraftingCosts): ExpectedSpeedup {
  const plain = verify[0]!;
  let best: ExpectedSpeedup = { speedup: 1, length: 0 };
  let tokens = 1;
  for (let length = 1; length < verify.length; length++) {
    tokens += acceptance ** length;
    const speedup = (tokens * plain) / (length * forward + verify[length]!);
    if (speedup > best.speedup) best = { speedup, length };
  }
  return best;
}
