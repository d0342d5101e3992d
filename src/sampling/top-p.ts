import type { Candidates } from './candidates.js';
import type { Step } from './step.js';

/** The histogram that spares `topP` a sort of the vocabulary: buckets a nat, and nats below the peak that it covers. */
const RESOLUTION = 8;
const DEPTH = 32;

/**
 * Keeps the smallest set of likeliest tokens whose probabilities sum to at least `mass` (Holtzman et al. 1904.09751),
 * and at least `minKeep`.
 */
export function topP(mass: number, minKeep: number): Step {
  return (candidates) => {
    const { weights: all, sum } = candidates.weigh();
    const target = mass * sum;
    let weights = all;
    if (!candidates.sorted) {
      candidates.keepFrom(floorOfMass(candidates, all, target), minKeep);
      candidates.sort();
      weights = candidates.weigh().weights;
    }
    const length = candidates.list();
    let covered = 0;
    for (let i = 0; i < length; i++) {
      covered += weights[i]!;
      if (covered >= target && i + 1 >= minKeep) {
        candidates.keepTop(i + 1);
        return;
      }
    }
  };
}

/** A logit such that the tokens from there on have at least the weight `target`, and hardly more of them than needed. */
function floorOfMass(candidates: Candidates, weights: Float64Array, target: number): number {
  const length = candidates.list();
  const peak = candidates.peak();
  const buckets = new Float64Array(RESOLUTION * DEPTH + 1);
  for (let i = 0; i < length; i++) {
    const bucket = Math.min(RESOLUTION * DEPTH, Math.floor((peak - candidates.logits[i]!) * RESOLUTION));
    buckets[bucket]! += weights[i]!;
  }
  let covered = 0;
  for (let bucket = 0; bucket < RESOLUTION * DEPTH; bucket++) {
    covered += buckets[bucket]!;
    // One bucket more, so that a logit on the edge that rounding put on the wrong side cannot be missed.
    if (covered >= target) return peak - (bucket + 2) / RESOLUTION;
  }
  return Number.NEGATIVE_INFINITY;
}
