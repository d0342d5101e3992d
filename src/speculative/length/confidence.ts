import type { LengthPolicy } from './policy.js';

export interface ConfidenceCut {
  /** Drafted whatever the confidence. */
  readonly min: number;
  /** Never drafted more. */
  readonly max: number;
  /** The draft ends before the first token whose confidence is below this, in [0, 1]. */
  readonly minConfidence: number;
}

/**
 * Drafts until the draft model doubts (llama.cpp's `p_min`). Under matching the confidence of the drawn token decides;
 * under rejection only the peak of its law may, which is asked before the draw and holds for both.
 */
export function confidenceCut({ min, max, minConfidence }: ConfidenceCut): LengthPolicy {
  const doubted = (confidences: readonly number[]): number =>
    confidences.findIndex((confidence, i) => i >= min && confidence < minConfidence);
  return {
    name: `confidence ${minConfidence}, ${min} to ${max}`,
    begin: ({ room, rule }) => {
      let drafted = 0;
      return {
        wants: (confidences) => {
          drafted = confidences.length;
          // Under matching a token that is going to be dropped needs no successor.
          return drafted < Math.min(max, room) && (rule === 'rejection' || doubted(confidences) < 0);
        },
        admits: (peak) => drafted < min || peak >= minConfidence,
        keep: (confidences) => {
          const doubt = doubted(confidences);
          return doubt < 0 ? confidences.length : doubt;
        },
      };
    },
    observe: () => {},
  };
}
