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
  return {
    name: `confidence ${minConfidence}, ${min} to ${max}`,
    begin: (room) => {
      let asked = 0;
      return {
        wants: (drafted) => {
          asked = drafted;
          return drafted < Math.min(max, room);
        },
        admits: (peak) => asked < min || peak >= minConfidence,
        keep: (confidences) => {
          const doubt = confidences.findIndex((confidence, i) => i >= min && confidence < minConfidence);
          return doubt < 0 ? confidences.length : doubt;
        },
      };
    },
    observe: () => {},
  };
}
