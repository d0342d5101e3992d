import { z } from 'zod';
import type { Mode } from '../../engine/events.js';
import type { EngineService, ServiceRequest } from '../../engine/service.js';
import { given } from '../../given.js';
import { orderFromKobold, type SamplingOptions } from '../../sampling/index.js';
import { Failure } from '../failure.js';
import { booleanField, expected, integerField, optional, stopField, stringField } from '../fields.js';
import { samplingFields, samplingFrom } from '../sampling-fields.js';
import { speculationFrom, speculativeFields } from '../speculative-fields.js';
import { type TaggedTexts, withoutTags } from './instruct-tags.js';
import { fitPrompt } from './prompt.js';

/** Tokens of an answer whose request does not say how many. */
export const DEFAULT_MAX_LENGTH = 512;

/** Alternatives of a token: a front end that asks for log-probabilities shows five. */
const TOP_LOGPROBS = 5;

const texts = optional(z.array(z.string(), { error: expected('a list of texts') }));

export const generateSchema = z.looseObject(
  {
    ...samplingFields,
    ...speculativeFields,
    prompt: stringField,
    memory: stringField,
    max_context_length: integerField(2),
    max_length: integerField(0),
    sampler_seed: integerField(Number.MIN_SAFE_INTEGER),
    sampler_order: optional(z.array(z.number().int(), { error: expected('a list of ids from 0 to 6') })),
    stop_sequence: stopField,
    trim_stop: booleanField,
    banned_tokens: texts,
    banned_strings: texts,
    custom_token_bans: optional(
      z.union([z.string().regex(/^[\d\s,]*$/), z.array(z.number().int().min(0))], {
        error: expected('token ids between commas, or a list of them'),
      }),
    ),
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

/** What this server cannot do and would change the text, with the values at which it is off. */
const OFF: Readonly<Record<string, readonly unknown[]>> = {
  top_a: [0],
  smoothing_factor: [0],
  adaptive_target: [-1],
  guidance_scale: [0, 1],
  grammar: [''],
  grammar_retain_state: [false],
  negative_prompt: [''],
  render_special: [false],
};

/** @throws Failure invalid_request that names the first field that asks for something that is not supported */
export function refuseUnsupported(body: Readonly<Record<string, unknown>>): void {
  const asked = Object.entries(OFF).find(([field, off]) => isGiven(body[field]) && !off.includes(body[field]));
  const images = Array.isArray(body.images) && body.images.length > 0;
  const field = images ? 'images' : asked?.[0];
  if (field === undefined) return;
  throw new Failure('invalid_request', `${field}: this server does not support it; leave it out`, { parameter: field });
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

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
  const banned = [...(body.banned_tokens ?? []), ...(body.banned_strings ?? [])].filter((text) => text !== '');
  const ignoresEnd = (body.ban_eos_token ?? body.use_default_badwordsids ?? false) || (body.bypass_eos ?? false);
  return {
    ...fitted,
    sampling: await koboldSampling(body, service),
    ...speculationFrom(body, { mode }),
    ...(stop.length > 0 && { stop }),
    ...(sampler_seed >= 1 && { seed: sampler_seed }),
    ...(banned.length > 0 && { bannedStrings: banned }),
    ...(ignoresEnd && { ignoreEndOfText: true }),
    ...given({ effort: body.reasoning_effort }),
    ...(body.logprobs !== undefined && body.logprobs !== false && body.logprobs !== 0 && { logprobs: TOP_LOGPROBS }),
  };
}

async function koboldSampling(
  body: GenerateBody,
  service: Pick<EngineService, 'tokenize'>,
): Promise<Partial<SamplingOptions>> {
  const sampling = await samplingFrom(body, service);
  const bans = bannedIds(body.custom_token_bans);
  const order = body.sampler_order === undefined || body.sampler_order.length === 0 ? undefined : body.sampler_order;
  return {
    ...sampling,
    ...given({ order: order && orderFromKobold(order) }),
    ...(bans.length > 0 && {
      logitBias: new Map([...(sampling.logitBias ?? []), ...bans.map((id) => [id, Number.NEGATIVE_INFINITY] as const)]),
    }),
  };
}

function bannedIds(field: GenerateBody['custom_token_bans']): readonly number[] {
  if (typeof field !== 'string') return field ?? [];
  return field
    .split(/[\s,]+/)
    .filter((id) => id !== '')
    .map(Number);
}
