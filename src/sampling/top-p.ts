import type { Step } from './step.js';

/**
 * Keeps the smallest set of likeliest tokens whose probabilities sum to at least `mass` (Holtzman et al. 1904.09751),
 * and at least `minKeep`.
 */
export function topP(mass: number, minKeep: number): Step {
  return (candidates) => {
    const target = mass * candidates.dropUnlikely(mass, minKeep);
    const length = candidates.sort();
    const { weights } = candidates.weigh();
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
