import { pairsOf, sortDescending } from './sort.js';
import type { Step } from './step.js';

/**
 * Locally typical sampling (Meister et al. 2202.00666): keeps the tokens whose surprise is nearest to the entropy until
 * their probabilities sum to more than `mass`, and at least `minKeep`. May drop the likeliest token.
 */
export function typical(mass: number, minKeep: number): Step {
  return (candidates) => {
    const length = candidates.sort();
    const { weights, sum } = candidates.weigh();
    let entropy = 0;
    for (let i = 0; i < length; i++) entropy += surpriseShare(weights[i]! / sum);
    const places = pairsOf(length);
    for (let i = 0; i < length; i++) {
      places.ids[i] = i;
      places.keys[i] = -Math.abs(-Math.log(weights[i]! / sum) - entropy);
    }
    sortDescending(places, length, pairsOf(length));
    let covered = 0;
    let kept = 0;
    while (kept < length) {
      covered += weights[places.ids[kept++]!]! / sum;
      if (covered > mass && kept >= minKeep) break;
    }
    candidates.keepPlaces(places.ids.subarray(0, kept).sort());
  };
}

function surpriseShare(probability: number): number {
  return probability === 0 ? 0 : -probability * Math.log(probability);
}
