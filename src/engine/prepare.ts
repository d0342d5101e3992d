/** From a request to what the loop needs: every default filled in, every value checked, nothing evaluated yet. */
import { OutriderError } from '../errors.js';
import { recommendedSampling, resolveSampling, type SamplingOptions } from '../sampling/index.js';
import type { Drafter, LengthPolicy, Token } from '../speculative/index.js';
import { MODES, type Mode, type VerificationRule } from './events.js';
import type { LoadedModels } from './load.js';
import type { LoadedModel } from './loaded-model.js';
import type { Admission } from './places.js';
import { type DraftPlan, draftersOf, draftOf, leniencyOf, predictionOf, verificationOf } from './prepare-drafting.js';
import { tokenizePrompt } from './prompt.js';
import { refuse, refuseStrangers } from './refuse.js';
import type { DrafterKind, GenerationRequest } from './request.js';
import type { ReuseKind } from './slots-reuse.js';

/** A request that says which model writes. */
export type DirectRequest = Omit<GenerationRequest, 'mode'> & { readonly mode?: DirectMode };
export type DirectMode = Exclude<Mode, 'auto'>;

/** A request as it will be run. */
export interface Plan {
  readonly mode: DirectMode;
  /** The model whose law the text has. */
  readonly writer: LoadedModel;
  /** Whether it may be refused for want of a place. */
  readonly admission: Admission;
  readonly promptTokens: readonly Token[];
  /** Those of them that need no evaluation where a cache still holds their beginning: all or none. */
  readonly cacheable: readonly Token[];
  /** Which cells its sequences may begin with. */
  readonly reuse: ReuseKind;
  /** Tokens at the beginning that stay when the text outgrows the context; `undefined`: the answer ends there. */
  readonly keep: number | undefined;
  /** Tokens of the answer that are there already. */
  readonly resume: readonly Token[];
  /** Of the whole answer, what is resumed included. */
  readonly maxTokens: number;
  readonly stop: readonly string[];
  readonly seed: number;
  readonly seedOrigin: 'given' | 'drawn';
  readonly verification: VerificationRule;
  readonly sampling: SamplingOptions;
  /** DRY's sequence breakers as the writer's tokens. */
  readonly breakers: readonly (readonly Token[])[];
  /** Tokens that may not be drawn. */
  readonly banned: readonly Token[];
  /** The most tokens of a round, and who decides within them. */
  readonly draft: DraftPlan;
  /** Above 0 the text is not lossless (verifyLeniently). 0 where nothing is drafted. */
  readonly leniency: number;
  readonly drafter: Drafter | undefined;
  /** The engine's own drafters that may propose, where the request brings none. */
  readonly drafters: readonly DrafterKind[];
  /** The expected text as tokens; empty where none is. */
  readonly prediction: readonly Token[];
  readonly length: LengthPolicy | undefined;
  /** Alternatives whose log-probabilities are told beside those of the tokens; absent where none are asked for. */
  readonly logprobs: number | undefined;
  /** Texts that may not appear. */
  readonly bannedStrings: readonly string[];
  readonly notes: readonly string[];
}

/** What is kept of an answer that outgrows the context leaves at least this much of that. */
const LEAST_ROOM = 4;
/** As many alternatives as OpenAI tells. */
const MOST_LOGPROBS = 20;

/**
 * @param drawSeed a fresh seed, for a request without one
 * @throws OutriderError invalid_argument (with `details.parameter`), context_exceeded, template_failed
 */
export function prepare(request: DirectRequest, models: LoadedModels, drawSeed: () => number): Plan {
  const notes: string[] = [];
  const mode = modeOf(request, models);
  const writer = writerOf(request, mode, models);
  const sampling = samplingOf(request, writer);
  const prompt = tokenizePrompt(request.prompt, writer, models.contextSize);
  notes.push(...prompt.notes);
  const drafters = draftersOf(request);
  const draft = draftOf(request, mode, models, notes);
  const leniency = leniencyOf(request, models);
  const keep = keepOf(request, prompt.tokens, writer, models);
  return {
    mode,
    writer,
    admission: request.admission ?? 'new',
    promptTokens: prompt.tokens,
    cacheable: request.cachePrompt === false ? [] : prompt.tokens,
    reuse: request.contextShift === false || models.rowClass.kind === 'strict' ? 'in place' : 'shifted',
    keep,
    resume: resumeOf(request, writer),
    maxTokens: maxTokensOf(request, prompt.tokens.length, models.contextSize, keep),
    stop: textsOf('stop', request.stop),
    seed: seedOf(request, drawSeed),
    seedOrigin: request.seed === undefined ? 'drawn' : 'given',
    verification: verificationOf(request, sampling, models, drafters),
    sampling,
    breakers: sampling.dryMultiplier > 0 ? writer.breakers.spellings(sampling.drySequenceBreakers) : [],
    banned: request.ignoreEndOfText ? [...writer.ends] : [],
    draft,
    leniency: draft.max === 0 ? 0 : leniency,
    drafter: request.drafter,
    drafters,
    prediction: predictionOf(request, writer, models.contextSize),
    length: request.length,
    logprobs: logprobsOf(request),
    bannedStrings: textsOf('bannedStrings', request.bannedStrings),
    notes,
  };
}

function modeOf({ mode }: DirectRequest, { draft }: LoadedModels): DirectMode {
  if (mode !== undefined && !MODES.includes(mode)) refuse('mode', `one of ${MODES.join(', ')}`, mode);
  if (mode === 'draft' && draft === undefined)
    throw new OutriderError(
      'invalid_argument',
      'mode draft needs a draft model, and none is loaded; give one with --model-draft',
      { parameter: 'mode' },
    );
  return mode ?? 'speculative';
}

/** An unknown name is refused in every mode, though only in `draft` it says who writes. */
function writerOf({ writer }: GenerationRequest, mode: Mode, { target, drafts }: LoadedModels): LoadedModel {
  const draft = writer === undefined ? drafts[0] : drafts.find(({ name }) => name === writer);
  if (writer !== undefined && draft === undefined) {
    const names = drafts.map(({ name }) => name).join(', ') || 'nothing, since no draft model is loaded';
    refuse('writer', `the name of a draft model (${names})`, writer);
  }
  return mode === 'draft' && draft !== undefined ? draft : target;
}

function resumeOf({ resume = [] }: GenerationRequest, { model }: LoadedModel): readonly Token[] {
  if (!Array.isArray(resume)) refuse('resume', 'a list of token ids', resume);
  refuseStrangers('resume', resume, model.vocabulary.size);
  return resume;
}

function maxTokensOf(
  { maxTokens }: GenerationRequest,
  promptLength: number,
  contextSize: number,
  keep: number | undefined,
): number {
  if (maxTokens !== undefined && !(Number.isSafeInteger(maxTokens) && maxTokens >= 0)) {
    refuse('maxTokens', 'an integer, at least 0', maxTokens);
  }
  if (promptLength >= contextSize) {
    throw new OutriderError(
      'context_exceeded',
      `the prompt has ${promptLength} tokens and the context holds ${contextSize}, answer included; shorten it or raise --ctx-size`,
      { promptTokens: promptLength, contextSize },
    );
  }
  const room = keep === undefined ? contextSize - promptLength : Number.POSITIVE_INFINITY;
  return Math.min(maxTokens ?? Number.POSITIVE_INFINITY, room);
}

/** Only with a limit: an answer without one ends where the context does. */
function keepOf(
  { contextShift, keepTokens = 0, maxTokens }: GenerationRequest,
  prompt: readonly Token[],
  { model }: LoadedModel,
  models: LoadedModels,
): number | undefined {
  if (contextShift === true && !models.contextShift) {
    throw new OutriderError(
      'invalid_argument',
      'contextShift: this engine ends answers where the context ends; start it with --context-shift',
      { parameter: 'contextShift' },
    );
  }
  if (keepTokens !== 'prompt' && !(Number.isSafeInteger(keepTokens) && keepTokens >= 0)) {
    refuse('keepTokens', "an integer, at least 0, or 'prompt'", keepTokens);
  }
  if (maxTokens === undefined || !(contextShift ?? models.contextShift)) return undefined;
  const asked = keepTokens === 'prompt' ? prompt.length : Math.min(keepTokens, prompt.length);
  // Models lean on the first token of a text (attention sinks).
  const least = prompt[0] === model.vocabulary.special.bos ? 1 : 0;
  return Math.min(Math.max(asked, least), models.contextSize - LEAST_ROOM);
}

function samplingOf({ sampling = {} }: GenerationRequest, { model }: LoadedModel): SamplingOptions {
  const resolved = resolveSampling(sampling, recommendedSampling(model.metadata));
  refuseStrangers('logitBias', resolved.logitBias.keys(), model.vocabulary.size);
  return resolved;
}

function textsOf(parameter: string, texts: readonly string[] = []): readonly string[] {
  if (!Array.isArray(texts)) refuse(parameter, 'a list of texts', texts);
  for (const text of texts) {
    if (typeof text !== 'string' || text === '') refuse(parameter, 'texts that are not empty', text);
    if (/\p{Surrogate}/u.test(text)) refuse(parameter, 'texts of whole characters', text);
  }
  return texts;
}

function logprobsOf({ logprobs }: GenerationRequest): number | undefined {
  if (logprobs === undefined || (Number.isSafeInteger(logprobs) && logprobs >= 0 && logprobs <= MOST_LOGPROBS))
    return logprobs;
  return refuse('logprobs', `an integer from 0 to ${MOST_LOGPROBS}`, logprobs);
}

function seedOf({ seed }: GenerationRequest, drawSeed: () => number): number {
  if (seed === undefined) return drawSeed();
  if (!Number.isSafeInteger(seed) || seed < 0) refuse('seed', `an integer from 0 to ${Number.MAX_SAFE_INTEGER}`, seed);
  return seed;
}
