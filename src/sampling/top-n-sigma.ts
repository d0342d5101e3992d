import type { Step } from './step.js';

/** Keeps tokens within `n` standard deviations (of all logits) of the greatest logit (Tang et al. 2411.07641). */
export function topNSigma(n: number): Step {
  return (candidates) => {
    if (candidates.size > 1) candidates.maskBelow(candidates.peak() - n * candidates.deviation());
  };
}
