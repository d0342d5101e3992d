import { z } from 'zod';
import type { StartEvent } from '../../engine/events.js';
import type { ServiceRequest } from '../../engine/service.js';
import { given } from '../../given.js';
import { count, listOf, mode, token, verificationRule } from '../engine-schemas.js';

const number = z.number().optional();
/** -1: all of it. */
const range = z.int().min(-1).optional();

export const generationSettingsSchema = z.object({
  seed: z.int().optional(),
  temperature: number,
  dynatemp_range: number,
  dynatemp_exponent: number,
  top_k: number,
  top_p: number,
  min_p: number,
  typical_p: number,
  top_n_sigma: number,
  xtc_probability: number,
  xtc_threshold: number,
  repeat_last_n: range,
  repeat_penalty: number,
  presence_penalty: number,
  frequency_penalty: number,
  dry_multiplier: number,
  dry_base: number,
  dry_allowed_length: number,
  dry_penalty_last_n: range,
  dry_sequence_breakers: listOf(z.string()).optional(),
  mirostat: z.literal([0, 2]).optional(),
  mirostat_tau: number,
  mirostat_eta: number,
  min_keep: number,
  samplers: listOf(z.string()).optional(),
  logit_bias: listOf(z.object({ token, bias: z.number() })),
  n_predict: z.int().min(-1),
  max_tokens: z.int().min(-1),
  n_keep: z.int().min(-1),
  stop: listOf(z.string()),
  ignore_eos: z.boolean(),
  stream: z.boolean(),
  n_probs: count,
  'speculative.mode': mode.optional(),
  'speculative.n_max': count.optional(),
  'speculative.verification': verificationRule.optional(),
  'speculative.leniency': z.number().optional(),
});

/**
 * llama-server's `generation_settings`: what the request chose, and the seed and speculation in force. A sampling option
 * that it did not choose is as the model's file recommends, and left out.
 */
export function settingsOf(
  request: ServiceRequest,
  start: StartEvent | undefined,
  stream: boolean,
): z.output<typeof generationSettingsSchema> {
  const { sampling = {}, maxTokens, stop = [], logprobs = 0, ignoreEndOfText = false, keepTokens = 0 } = request;
  const { logitBias } = sampling;
  return {
    ...given({
      seed: start?.seed ?? request.seed,
      temperature: sampling.temperature,
      dynatemp_range: sampling.dynatempRange,
      dynatemp_exponent: sampling.dynatempExponent,
      top_k: sampling.topK,
      top_p: sampling.topP,
      min_p: sampling.minP,
      typical_p: sampling.typicalP,
      top_n_sigma: sampling.topNSigma,
      xtc_probability: sampling.xtcProbability,
      xtc_threshold: sampling.xtcThreshold,
      repeat_last_n: rangeOf(sampling.penaltyRange),
      repeat_penalty: sampling.repeatPenalty,
      presence_penalty: sampling.presencePenalty,
      frequency_penalty: sampling.frequencyPenalty,
      dry_multiplier: sampling.dryMultiplier,
      dry_base: sampling.dryBase,
      dry_allowed_length: sampling.dryAllowedLength,
      dry_penalty_last_n: rangeOf(sampling.dryRange),
      dry_sequence_breakers: sampling.drySequenceBreakers,
      mirostat: sampling.mirostat === undefined ? undefined : sampling.mirostat === 'v2' ? 2 : 0,
      mirostat_tau: sampling.mirostatTau,
      mirostat_eta: sampling.mirostatEta,
      min_keep: sampling.minKeep,
      samplers: sampling.order,
    }),
    logit_bias: [...(logitBias ?? [])].map(([token, bias]) => ({ token, bias: Math.max(bias, -Number.MAX_VALUE) })),
    n_predict: maxTokens ?? -1,
    max_tokens: maxTokens ?? -1,
    n_keep: keepTokens === 'prompt' ? -1 : keepTokens,
    stop,
    ignore_eos: ignoreEndOfText,
    stream,
    n_probs: logprobs,
    ...(start !== undefined && {
      'speculative.mode': start.mode,
      'speculative.n_max': start.draftMax,
      'speculative.verification': start.verification,
      'speculative.leniency': start.leniency ?? 0,
    }),
  };
}

/** -1 is llama-server's "all of it". */
function rangeOf(range: number | 'all' | undefined): number | undefined {
  return range === 'all' ? -1 : range;
}
