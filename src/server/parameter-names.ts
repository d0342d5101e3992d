/** What the engine's parameters are called in requests of the OpenAI and llama.cpp dialects. */
const PARAMETERS: Readonly<Record<string, string>> = {
  'draft.min': 'speculative.n_min',
  'draft.max': 'speculative.n_max',
  'draft.minConfidence': 'speculative.p_min',
  'draft.drafters': 'speculative.drafters',
  'draft.leniency': 'speculative.leniency',
  mode: 'speculative.mode',
  verification: 'speculative.verification',
  logitBias: 'logit_bias',
  topK: 'top_k',
  topP: 'top_p',
  minP: 'min_p',
  typicalP: 'typical_p',
  topNSigma: 'top_n_sigma',
  xtcProbability: 'xtc_probability',
  xtcThreshold: 'xtc_threshold',
  dynatempRange: 'dynatemp_range',
  dynatempExponent: 'dynatemp_exponent',
  repeatPenalty: 'repeat_penalty',
  frequencyPenalty: 'frequency_penalty',
  presencePenalty: 'presence_penalty',
  penaltyRange: 'repeat_last_n',
  dryMultiplier: 'dry_multiplier',
  dryBase: 'dry_base',
  dryAllowedLength: 'dry_allowed_length',
  dryRange: 'dry_penalty_last_n',
  drySequenceBreakers: 'dry_sequence_breakers',
  mirostatTau: 'mirostat_tau',
  mirostatEta: 'mirostat_eta',
  minKeep: 'min_keep',
  contextShift: 'context_shift',
  keepTokens: 'n_keep',
  order: 'samplers',
  bannedStrings: 'banned_strings',
};

/** A refusal of the engine in the words of the request: its field, and that name at the start of the message. */
export function inRequestNames(
  message: string,
  parameter: string | undefined,
): { readonly message: string; readonly parameter: string | undefined } {
  const name = parameter === undefined ? undefined : PARAMETERS[parameter];
  if (name === undefined) return { message, parameter };
  return {
    message: message.startsWith(`${parameter}:`) ? `${name}${message.slice(parameter!.length)}` : message,
    parameter: name,
  };
}
