import type { Token } from '../speculative/index.js';
import type { Step } from './step.js';

/** Adds a number to the logits of some tokens; -Infinity bans a token. */
export function logitBias(biases: ReadonlyMap<Token, number>): Step {
  return (candidates) => candidates.edit(biases, (logit, bias) => logit + bias);
}
