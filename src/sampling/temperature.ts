import type { Candidates } from './candidates.js';
import type { Step } from './step.js';

/** Temperatures below this count as it: a logit divided by less could overflow, and this is as good as none. */
const LEAST_DEGREE = 1e-9;

/** Divides the logits by `degree`. At 0 only the likeliest token stays, of equals the one with the lowest id. */
export function temperature(degree: number): Step {
  return (candidates) => heat(candidates, degree);
}

/**
 * Dynamic temperature (kalomaze): the lower the entropy, the lower the temperature, between `degree - range` (not below
 * 0) and `degree + range`. The entropy is measured against that of a uniform law over all candidates.
 */
export function dynamicTemperature(degree: number, range: number, exponent: number): Step {
  const least = Math.max(0, degree - range);
  const most = degree + range;
  return (candidates) => {
    if (candidates.size < 2) return;
    const length = candidates.list();
    const { weights, sum } = candidates.weigh();
    let entropy = 0;
    for (let i = 0; i < length; i++) {
      const probability = weights[i]! / sum;
      if (probability > 0) entropy -= probability * Math.log(probability);
    }
    heat(candidates, least + (most - least) * (entropy / Math.log(candidates.size)) ** exponent);
  };
}

function heat(candidates: Candidates, degree: number): void {
  if (degree > 0) candidates.divide(Math.max(degree, LEAST_DEGREE));
  else candidates.keepTop(1);
}
