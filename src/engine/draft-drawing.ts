import { type SamplingOptions, takesLikeliest } from '../sampling/index.js';
import type { Noise } from '../speculative/index.js';
import type { VerificationRule } from './events.js';

/** How a draft model draws: the transforms of its law, and the noise it draws with. */
export interface DraftDrawing {
  readonly sampling: SamplingOptions;
  readonly noise: Noise;
}

/** A race in which nobody is given a start: the likeliest token wins. */
export const NO_NOISE: Noise = { exponential: () => 1, uniform: () => 0.5 };

/** Among how many of the likeliest tokens a draft's confidence is measured: llama.cpp's count (common/speculative.cpp). */
const CONTENDERS = 10;

/**
 * The target's own transforms and noise: what is drawn alike is accepted most. Where the target takes the likeliest token
 * its law would be certain of every token, and a confidence of 1 tells nothing: there the draft takes the likeliest of a few
 * contenders, and its confidence is that token's share among them.
 */
export function draftDrawing(sampling: SamplingOptions, verification: VerificationRule, noise: Noise): DraftDrawing {
  // Mirostat's law follows the text that is written; for a draft its temperature has to do.
  const own: SamplingOptions = { ...sampling, mirostat: 'off' };
  // The other rules believe the law that a draft was drawn from: there certainty is best.
  if (verification !== 'match' || !takesLikeliest(own)) return { sampling: own, noise };
  return { sampling: contenders(own), noise: NO_NOISE };
}

/** Of the target's steps those that change which token is the likeliest. */
export function contenders(sampling: SamplingOptions): SamplingOptions {
  const edits = sampling.order.filter((name) => name === 'penalties' || name === 'dry');
  return { ...sampling, temperature: 1, topK: CONTENDERS, order: [...edits, 'top_k', 'temperature'] };
}
