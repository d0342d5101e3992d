import type { Step } from './step.js';

/**
 * Exclude top choices (p-e-w, text-generation-webui #6335): with the given probability, drops every token that reaches
 * `threshold` except the least likely of those, unless fewer than `minKeep` would be left.
 */
export function xtc(probability: number, threshold: number, minKeep: number): Step {
  return (candidates, { history, noise }) => {
    if (candidates.size < 2) return;
    if (noise.uniform(history.tokens.length, 'xtc') > probability) return;
    const length = candidates.sort();
    const { weights, sum } = candidates.weigh();
    let reaching = 0;
    while (reaching < length && weights[reaching]! / sum >= threshold) reaching++;
    const dropped = reaching - 1;
    if (dropped > 0 && candidates.size - dropped >= minKeep) candidates.dropFirst(dropped);
  };
}
