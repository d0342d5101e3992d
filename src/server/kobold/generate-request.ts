import { z } from 'zod';
import type { Mode } from '../../engine/events.js';
import type { EngineService, ServiceRequest } from '../../engine/service.js';
import { given } from '../../given.js';
import { bannedTextFields, bannedTexts } from '../banned-texts.js';
import { booleanField, expected, integerField, optional, stopField, stringField } from '../fields.js';
import { samplingFields, samplingFrom } from '../sampling-fields.js';
import { speculationFrom, speculativeFields } from '../speculative-fields.js';
import { type TaggedTexts, withoutTags } from './instruct-tags.js';
import { fitPrompt } from './prompt.js';

/** Tokens of an answer whose request does not say how many. */
export const DEFAULT_MAX_LENGTH = 512;

/** Alternatives of a token: a front end that asks for log-probabilities shows five. */
const TOP_LOGPROBS = 5;

export const generateSchema = z.looseObject(
  {
    ...samplingFields,
    ...speculativeFields,
    ...bannedTextFields,
    prompt: stringField,
    memory: stringField,
    max_context_length: integerField(2),
    max_length: integerField(0),
    sampler_seed: integerField(Number.MIN_SAFE_INTEGER),
    stop_sequence: stopField,
    trim_stop: booleanField,
    ban_eos_token: booleanField,
    use_default_badwordsids: booleanField,
    bypass_eos: booleanField,
    logprobs: optional(z.union([z.boolean(), z.number()], { error: expected('true or false') })),
    genkey: stringField,
    /** True without a word: tags such as `{{[INPUT]}}` become what the model's template writes. */
    replace_instruct_placeholders: booleanField,
    reasoning_effort: stringField,
  },
  { error: expected('a JSON object') },
);
export type GenerateBody = z.output<typeof generateSchema>;

/**
 * @param mode of a request that has none
 * @throws Failure, OutriderError invalid_argument
 */
export async function generateRequest(
  body: GenerateBody,
  service: Pick<EngineService, 'tokenize' | 'render' | 'description'>,
  mode: Mode,
): Promise<ServiceRequest> {
  const { contextSize } = service.description;
  const { max_context_length = contextSize, max_length = DEFAULT_MAX_LENGTH, sampler_seed = -1 } = body;
  const texts: TaggedTexts = { memory: body.memory ?? '', prompt: body.prompt ?? '', stop: body.stop_sequence };
  const { stop, ...parts } = (body.replace_instruct_placeholders ?? true) ? await withoutTags(texts, service) : texts;
  const fitted = await fitPrompt(
    {
      ...parts,
      contextSize: Math.min(max_context_length, contextSize),
      maxLength: max_length,
    },
    service,
  );
  const speculation = speculationFrom(body, { mode });
  const ignoresEnd = (body.ban_eos_token ?? body.use_default_badwordsids ?? false) || (body.bypass_eos ?? false);
  return {
    ...fitted,
    sampling: await samplingFrom(withDryRange(body), service, speculation),
    ...speculation,
    ...(stop.length > 0 && { stop }),
    ...(sampler_seed >= 1 && { seed: sampler_seed }),
    ...(ignoresEnd && { ignoreEndOfText: true }),
    ...given({ bannedStrings: bannedTexts(body), effort: body.reasoning_effort }),
    ...(body.logprobs !== undefined && body.logprobs !== false && body.logprobs !== 0 && { logprobs: TOP_LOGPROBS }),
  };
}

/** KoboldCpp's DRY looks back over the whole context where its range is 0, which is off for llama-server. SillyTavern sends 0. */
function withDryRange(body: GenerateBody): GenerateBody {
  const { dry_penalty_last_n: range } = body;
  return range !== undefined && range <= 0 ? { ...body, dry_penalty_last_n: -1 } : body;
}
