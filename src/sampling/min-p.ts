import type { Step } from './step.js';

/** Keeps tokens at least `share` times as likely as the likeliest (Nguyen et al. 2407.01082), and at least `minKeep`. */
export function minP(share: number, minKeep: number): Step {
  return (candidates) => candidates.keepFrom(candidates.peak() + Math.log(share), minKeep);
}
