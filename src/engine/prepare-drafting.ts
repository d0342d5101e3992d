/** What of a request says how it is drafted for, and how drafts are judged: checked, with every default filled in. */
import { OutriderError } from '../errors.js';
import type { SamplingOptions } from '../sampling/index.js';
import type { Token } from '../speculative/index.js';
import type { ContextOptions } from './backend.js';
import { type Mode, VERIFICATION_RULES, type VerificationRule } from './events.js';
import type { LoadedModels } from './load.js';
import type { LoadedModel } from './loaded-model.js';
import { refuse } from './refuse.js';
import { DRAFTER_KINDS, type DrafterKind, type GenerationRequest } from './request.js';
import { STRICT_ROWS } from './row-class.js';

/**
 * `adaptive`: by measured cost and calibrated confidence. `confidence`: as the request says; `min` equal to `max` fixes the
 * length.
 */
export type DraftPlan =
  | { readonly by: 'adaptive'; readonly max: number }
  | { readonly by: 'confidence'; readonly max: number; readonly min: number; readonly minConfidence: number };

const NO_DRAFT: DraftPlan = { by: 'adaptive', max: 0 };
/** The longest draft without another wish: the adaptive length stops by itself. */
const ADAPTIVE_MAX = 16;
const CONFIDENCE_MAX = 8;

/** Every kind that there may be; whether there is a model or a prediction is seen when the parts are put together. */
export function draftersOf({ draft: { drafters = DRAFTER_KINDS } = {} }: GenerationRequest): readonly DrafterKind[] {
  const stranger = drafters.find((kind) => !DRAFTER_KINDS.includes(kind));
  if (stranger !== undefined) refuse('draft.drafters', `any of ${DRAFTER_KINDS.join(', ')}`, stranger);
  return drafters;
}

/** Characters of a predicted answer that are looked at, for each token that fits: what is behind them hardly gets its turn. */
const PREDICTED_CHARACTERS = 4;

export function predictionOf(
  { prediction = '' }: GenerationRequest,
  { model }: LoadedModel,
  contextSize: number,
): readonly Token[] {
  if (typeof prediction !== 'string') refuse('prediction', 'a text', prediction);
  const text = prediction.slice(0, PREDICTED_CHARACTERS * contextSize);
  return text === '' ? [] : model.vocabulary.tokenize(text, { addSpecial: false, parseSpecial: false });
}

export function verificationOf(
  { verification, seed, draft: { leniency = 0 } = {} }: GenerationRequest,
  sampling: SamplingOptions,
  { draft, rowClass }: LoadedModels,
  drafters: readonly DrafterKind[],
): VerificationRule {
  if (verification === undefined) {
    if (leniency > 0) return 'match';
    // Only a model's draft has a law to judge by, and only match repeats a text.
    const free = seed === undefined && sampling.mirostat === 'off' && rowClass.kind === 'free';
    return free && sampling.temperature > 0 && draft && drafters.includes('model') ? 'auto' : 'match';
  }
  if (!VERIFICATION_RULES.includes(verification)) {
    refuse('verification', `one of ${VERIFICATION_RULES.join(', ')}`, verification);
  }
  if (verification === 'match') return verification;
  const clash =
    seed !== undefined
      ? 'a given seed, which it could not repeat'
      : sampling.mirostat !== 'off'
        ? 'mirostat, whose law depends on what was drawn'
        : leniency > 0
          ? 'leniency, which is a match that lets more pass'
          : undefined;
  if (clash !== undefined) {
    throw new OutriderError(
      'invalid_argument',
      `verification: '${verification}' does not go with ${clash}; leave one of the two out`,
      { parameter: 'verification' },
    );
  }
  return verification;
}

/** What is wrong with it is refused in every mode; only `speculative` drafts. */
export function draftOf(
  { draft = {} }: Pick<GenerationRequest, 'draft'>,
  mode: Mode,
  models: LoadedModels,
  notes: string[],
): DraftPlan {
  const { min = 0, minConfidence = 0 } = draft;
  const adapts = min === 0 && draft.minConfidence === undefined;
  const { max = adapts ? ADAPTIVE_MAX : CONFIDENCE_MAX } = draft;
  for (const [name, value] of [
    ['draft.max', max],
    ['draft.min', min],
  ] as const) {
    if (!(Number.isSafeInteger(value) && value >= 0)) refuse(name, 'an integer, at least 0', value);
  }
  if (!(minConfidence >= 0 && minConfidence <= 1)) refuse('draft.minConfidence', 'a number from 0 to 1', minConfidence);
  if (min > max && draft.max !== undefined) refuse('draft.min', `at most the largest length, ${max}`, min);
  if (mode !== 'speculative') return NO_DRAFT;
  const most = mostDrafted(models.target.context, models);
  const wished = Math.max(min, max);
  if (wished > most) notes.push(`drafts of ${wished} tokens were asked for; a pass verifies at most ${most}`);
  if (adapts) return { by: 'adaptive', max: Math.min(wished, most) };
  return { by: 'confidence', max: Math.min(wished, most), min: Math.min(min, most), minConfidence };
}

export function leniencyOf({ draft: { leniency = 0 } = {} }: GenerationRequest, { rowClass }: LoadedModels): number {
  if (!(leniency >= 0 && leniency <= 1)) refuse('draft.leniency', 'a number from 0 to 1', leniency);
  if (leniency === 0 || rowClass.kind === 'free') return leniency;
  throw new OutriderError(
    'invalid_argument',
    `draft.leniency: ${leniency} changes the text and the engine is strict, which promises the target’s own; leave one of the two out`,
    { parameter: 'draft.leniency' },
  );
}

/** A verification has one row more than the draft, and all its rows have logits. */
export function mostDrafted(
  { batch, outputs }: Pick<ContextOptions, 'batch' | 'outputs'>,
  { rowClass }: LoadedModels,
): number {
  return Math.min(batch, outputs, rowClass.kind === 'strict' ? STRICT_ROWS : Number.POSITIVE_INFINITY) - 1;
}
