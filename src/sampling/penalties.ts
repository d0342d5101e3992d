import type { Step } from './step.js';

/**
 * Makes tokens less likely that occur among the last tokens of the history (`History` counts them): the repetition
 * penalty of CTRL (1909.05858) in the usual form that also works for negative logits, then OpenAI's frequency penalty
 * (per occurrence) and presence penalty (once).
 */
export function penalties(repeat: number, frequency: number, presence: number): Step {
  const penalised = (logit: number, count: number) =>
    (logit <= 0 ? logit * repeat : logit / repeat) - count * frequency - presence;
  return (candidates, { history }) => candidates.edit(history.counts, penalised);
}
