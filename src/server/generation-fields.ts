/** What requests for chats and for plain completions have in common. */
import { z } from 'zod';
import type { ServiceRequest } from '../engine/service.js';
import { given } from '../given.js';
import { bannedTextFields, bannedTexts } from './banned-texts.js';
import { Failure } from './failure.js';
import { booleanField, integerField, optional, stopField, stringField, tokenLimitField } from './fields.js';
import type { ServedModels } from './logit-bias.js';
import type { ModelName } from './model-names.js';
import { samplingFields, samplingFrom } from './sampling-fields.js';
import { speculationFrom, speculativeFields } from './speculative-fields.js';

/** Choices of one request. */
const MAX_CHOICES = 128;
/** Alternatives of a token whose log-probabilities can be had. */
export const MAX_TOP_LOGPROBS = 20;

export const commonFields = {
  model: stringField,
  stream: booleanField,
  stream_options: optional(z.looseObject({ include_usage: booleanField })),
  /** Of a stream: each event tells `timings` so far. */
  timings_per_token: booleanField,
  /** Of a stream: how much of a long prompt is evaluated. */
  return_progress: booleanField,
  /** False: nothing that is cached is used. */
  cache_prompt: booleanField,
  n: integerField(1, MAX_CHOICES),
  max_tokens: tokenLimitField,
  /** -1: one is drawn. */
  seed: integerField(-1).transform((seed) => (seed === -1 ? undefined : seed)),
  stop: stopField,
  ignore_eos: booleanField,
  reasoning_effort: stringField,
  /** False: nothing that is cached is used at another position, and the answer ends where the context does. */
  context_shift: booleanField,
  /** Tokens of the prompt that stay when an answer outgrows the context; -1: all of them. */
  n_keep: integerField(-1),
  ...bannedTextFields,
  ...samplingFields,
  ...speculativeFields,
};
const schema = z.looseObject(commonFields);
export type CommonFields = z.output<typeof schema>;

/** All of a request but its prompt and what belongs to one of the two routes. */
export async function commonRequest(
  fields: CommonFields,
  model: ModelName,
  service: ServedModels,
): Promise<Omit<ServiceRequest, 'prompt'>> {
  const { max_tokens, seed, stop, ignore_eos, reasoning_effort, cache_prompt, context_shift, n_keep } = fields;
  const speculation = speculationFrom(fields, model);
  return {
    sampling: await samplingFrom(fields, service, speculation),
    ...speculation,
    ...(stop.length > 0 && { stop }),
    ...given({
      maxTokens: max_tokens,
      seed,
      ignoreEndOfText: ignore_eos,
      bannedStrings: bannedTexts(fields),
      effort: reasoning_effort,
      cachePrompt: cache_prompt,
      contextShift: context_shift,
      keepTokens: n_keep === -1 ? 'prompt' : n_keep,
    }),
  };
}

/**
 * The choices of a request: number i draws with seed + i.
 * @throws Failure where the last seed would not be exact
 */
export function choicesOf(request: ServiceRequest, n = 1): readonly ServiceRequest[] {
  const { seed } = request;
  if (seed === undefined) return Array.from({ length: n }, () => request);
  if (!Number.isSafeInteger(seed + n - 1)) {
    throw new Failure(
      'invalid_request',
      `seed: expected an integer up to 2^53 - ${n}, since ${n} choices count up from it`,
      {
        parameter: 'seed',
      },
    );
  }
  return Array.from({ length: n }, (_, choice) => ({ ...request, seed: seed + choice }));
}
