/** How requests say how tokens are drawn: llama-server's names, KoboldCpp's, and what others call the same. */
import { z } from 'zod';
import { refuseStrangers } from '../engine/refuse.js';
import type { ServiceRequest } from '../engine/service.js';
import { given } from '../given.js';
import { knownOrder, orderFromKobold, type SamplingOptions } from '../sampling/index.js';
import { Failure } from './failure.js';
import { expected, numberField, optional } from './fields.js';
import { logitBiasField, readLogitBias, type ServedModels } from './logit-bias.js';
import { writerOf } from './model-names.js';

/** An integer that may be negative where that means "off" or "all". */
const signedInteger = optional(z.number().int({ error: expected('an integer') }));

const texts = z.array(z.string());
const ids = expected('token ids between commas, or a list of them');

/** Fields to spread into the schema of a request. Ranges are the engine's to check; it names what it expected. */
export const samplingFields = {
  temperature: numberField,
  dynatemp_range: numberField,
  dynatemp_exponent: numberField,
  top_k: signedInteger,
  top_p: numberField,
  min_p: numberField,
  typical_p: numberField,
  typical: numberField,
  top_n_sigma: numberField,
  nsigma: numberField,
  xtc_probability: numberField,
  xtc_threshold: numberField,
  repeat_penalty: numberField,
  repetition_penalty: numberField,
  rep_pen: numberField,
  repeat_last_n: signedInteger,
  rep_pen_range: signedInteger,
  presence_penalty: numberField,
  frequency_penalty: numberField,
  dry_multiplier: numberField,
  dry_base: numberField,
  dry_allowed_length: signedInteger,
  dry_penalty_last_n: signedInteger,
  dry_sequence_breakers: optional(z.union([texts, z.string()], { error: expected('a list of strings') })),
  mirostat: optional(z.union([z.literal(0), z.literal(2)], { error: expected('0 (off) or 2') })),
  mirostat_tau: numberField,
  mirostat_eta: numberField,
  min_keep: signedInteger,
  samplers: optional(z.union([texts, z.string()], { error: expected('a list of names or a string of letters') })),
  sampler_order: optional(z.array(z.number().int(), { error: expected('a list of ids from 0 to 6') })),
  logit_bias: logitBiasField,
  custom_token_bans: optional(
    z.union([z.string().regex(/^[\d\s,]*$/, { error: ids }), z.array(z.number().int().min(0))], { error: ids }),
  ),
};

const schema = z.object(samplingFields);
type Fields = z.output<typeof schema>;

/**
 * The engine's options for what was asked. Of several names for one option llama-server's counts.
 * @param speculation says which model writes
 * @throws Failure, OutriderError invalid_argument
 */
export async function samplingFrom(
  fields: Fields,
  models: ServedModels,
  speculation: Pick<ServiceRequest, 'mode' | 'writer'>,
): Promise<NonNullable<ServiceRequest['sampling']>> {
  return given({
    temperature: fields.temperature,
    dynatempRange: fields.dynatemp_range,
    dynatempExponent: fields.dynatemp_exponent,
    topK: offBelowZero(fields.top_k),
    topP: fields.top_p,
    minP: fields.min_p,
    typicalP: fields.typical_p ?? fields.typical,
    topNSigma: offBelowZero(fields.top_n_sigma ?? fields.nsigma),
    xtcProbability: fields.xtc_probability,
    xtcThreshold: fields.xtc_threshold,
    repeatPenalty: fields.repeat_penalty ?? fields.repetition_penalty ?? fields.rep_pen,
    penaltyRange: allBelowZero(fields.repeat_last_n ?? fields.rep_pen_range),
    presencePenalty: fields.presence_penalty,
    frequencyPenalty: fields.frequency_penalty,
    dryMultiplier: fields.dry_multiplier,
    dryBase: fields.dry_base,
    dryAllowedLength: fields.dry_allowed_length,
    dryRange: allBelowZero(fields.dry_penalty_last_n),
    drySequenceBreakers: breakersFrom(fields.dry_sequence_breakers),
    mirostat: mirostatFrom(fields.mirostat),
    mirostatTau: fields.mirostat_tau,
    mirostatEta: fields.mirostat_eta,
    minKeep: fields.min_keep,
    order: orderFrom(fields),
    logitBias: await biasFrom(fields, models, speculation),
  });
}

/** llama-server takes any negative number as off; ours is 0. */
function offBelowZero(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.max(0, value);
}

function allBelowZero(value: number | undefined): number | 'all' | undefined {
  return value === -1 ? 'all' : value;
}

function mirostatFrom(version: 0 | 2 | undefined): SamplingOptions['mirostat'] | undefined {
  if (version === undefined) return undefined;
  return version === 2 ? 'v2' : 'off';
}

/** Empty ones break nothing: SillyTavern sends one for a field that was cleared. */
function breakersFrom(value: string | readonly string[] | undefined): readonly string[] | undefined {
  if (value === undefined || (typeof value === 'string' && value.trim() === '')) return undefined;
  const breakers = typeof value === 'string' ? breakersIn(value) : value;
  return breakers.filter((breaker) => breaker !== '');
}

/**
 * Front ends send what their user typed: a list as JSON, the same without its brackets (text-generation-webui), or texts
 * between commas (SillyTavern splits there for the servers that want a list).
 */
function breakersIn(text: string): readonly string[] {
  const hasBrackets = text.trimStart().startsWith('[');
  const listed = listIn(hasBrackets ? text : `[${text}]`);
  if (listed !== undefined) return listed;
  if (!hasBrackets) return text.split(',');
  throw new Failure(
    'invalid_request',
    `dry_sequence_breakers: ${expected('a list of strings, as JSON, or texts between commas')({ input: text })}`,
    { parameter: 'dry_sequence_breakers' },
  );
}

function listIn(json: string): readonly string[] | undefined {
  try {
    return texts.parse(JSON.parse(json));
  } catch {
    return undefined;
  }
}

/** An empty list asks for nothing. */
function orderFrom({ samplers = [], sampler_order: ids = [] }: Fields): SamplingOptions['order'] | undefined {
  const known = knownOrder(samplers);
  if (known.length > 0) return known;
  return ids.length > 0 ? orderFromKobold(ids) : undefined;
}

async function biasFrom(
  { logit_bias, custom_token_bans }: Fields,
  models: ServedModels,
  speculation: Pick<ServiceRequest, 'mode' | 'writer'>,
): Promise<SamplingOptions['logitBias'] | undefined> {
  const banned = bannedIds(custom_token_bans);
  // The engine would refuse them under the name of the biases, which the client need not have sent.
  refuseStrangers('custom_token_bans', banned, writerOf(models.description, speculation).vocabularySize);
  const bans = banned.map((id) => [id, Number.NEGATIVE_INFINITY] as const);
  const bias = new Map([...(await readLogitBias(logit_bias, models)), ...bans]);
  return bias.size > 0 ? bias : undefined;
}

function bannedIds(field: Fields['custom_token_bans'] = []): readonly number[] {
  if (typeof field !== 'string') return field;
  return field
    .split(/[\s,]+/)
    .filter((id) => id !== '')
    .map(Number);
}
