/** Runs a planned request: sets up the loop's parts, folds its rounds into text, statistics and times, and emits events. */
import { OutriderError } from '../errors.js';
import { SamplerChain } from '../sampling/index.js';
import {
  AdaptiveLength,
  confidenceCut,
  type Drafter,
  fixedLength,
  generate,
  type LengthPolicy,
  ModelDrafter,
  type Noise,
  positionNoise,
  type Sampler,
  sequentialRandom,
  type Verification,
} from '../speculative/index.js';
import { Answer } from './answer.js';
import type { GenerationEvent } from './events.js';
import type { LoadedModels } from './load.js';
import type { Plan } from './prepare.js';
import { Updates } from './updates.js';

const now = (): number => performance.now();
/** A draft model catches up on at most this many tokens: with more, a long prompt and a short answer lose everything. */
const DRAFT_WINDOW = 1024;

/** The end of a request that was aborted before it had a place. */
export function abortedInQueue(plan: Plan): Iterable<GenerationEvent> {
  return new Answer(plan, now).abort();
}

/** Never throws: what goes wrong becomes an `error` event, an abort a `finish` with what is there. */
export async function* run(
  plan: Plan,
  models: LoadedModels,
  signal: AbortSignal,
): AsyncGenerator<GenerationEvent, void, void> {
  const answer = new Answer(plan, now);
  const progress = new Updates<{ evaluated: number; total: number }>();
  const noise = positionNoise(plan.seed);
  const target = plan.writer.batcher.open({
    capacity: models.contextSize,
    promptLength: plan.promptTokens.length,
    signal,
    onProgress: (evaluated, total) => progress.push({ evaluated, total }),
  });
  let own: Drafter | undefined;
  try {
    if (plan.draft.max > 0 && plan.drafter === undefined) own = modelDrafter(plan, models, noise, signal);
    yield startEvent(plan);
    const rounds = generate({
      target,
      sampler: samplerOf(plan, noise),
      context: [...plan.promptTokens],
      drafter: plan.draft.max > 0 ? (plan.drafter ?? own) : undefined,
      length: plan.length ?? lengthPolicy(plan, models),
      verification: verificationOf(plan, noise),
      maxTokens: plan.maxTokens,
      maxDraft: plan.draft.max,
      isEnd: (token) => plan.writer.ends.has(token),
      signal,
      now,
    });
    const first = rounds.next();
    for await (const done of progress.until(first)) yield { type: 'prompt', ...done };
    let step = await first;
    while (!step.done) {
      yield { type: 'round', ...step.value };
      yield* answer.add(step.value);
      if (answer.isStopped) break;
      step = await rounds.next();
    }
    yield* answer.finish();
  } catch (error) {
    if (signal.aborted) yield* answer.abort();
    else yield { type: 'error', error: asOutriderError(error) };
  } finally {
    target.close();
    own?.close();
  }
}

function startEvent(plan: Plan): GenerationEvent {
  const { mode, seed, seedOrigin, verification, draft, promptTokens, notes } = plan;
  return {
    type: 'start',
    mode,
    seed,
    seedOrigin,
    verification,
    draftMax: draft.max,
    promptTokens: promptTokens.length,
    notes,
  };
}

function samplerOf({ sampling, promptTokens, writer, banned, breakers }: Plan, noise: Noise): Sampler {
  return new SamplerChain({
    options: sampling,
    vocabularySize: writer.model.vocabulary.size,
    noise,
    banned,
    history: promptTokens,
    breakers,
  });
}

function verificationOf({ verification, seed }: Plan, noise: Noise): Verification {
  return verification === 'match' ? { rule: 'match', noise } : { rule: verification, random: sequentialRandom(seed) };
}

/** The draft model with the target's own transforms: what is drawn like the target is accepted most. */
function modelDrafter(
  plan: Plan,
  { draft, contextSize }: LoadedModels,
  noise: Noise,
  signal: AbortSignal,
): Drafter | undefined {
  if (draft === undefined) return undefined;
  // Mirostat's law follows the text that is written; for a draft its temperature has to do.
  const sampler = samplerOf({ ...plan, sampling: { ...plan.sampling, mirostat: 'off' } }, noise);
  const sequence = draft.batcher.open({ capacity: contextSize, promptLength: 0, signal });
  return new ModelDrafter({
    name: draft.name,
    sequence: draft.translate(sequence),
    sampler,
    noise,
    random: sequentialRandom(plan.seed + 1),
    isEnd: (token) => plan.writer.ends.has(token),
    costs: draft.learnt.draftCosts,
    now,
    window: DRAFT_WINDOW,
  });
}

function lengthPolicy(
  { draft: { max, ...rule }, sampling, verification }: Plan,
  { draft }: LoadedModels,
): LengthPolicy {
  if (max === 0) return fixedLength(0);
  if (rule.by === 'confidence') return confidenceCut({ max, ...rule });
  // A drafter of the caller's own on a target without a draft model: nothing is known of what it costs.
  if (draft === undefined) return fixedLength(max);
  // How confidence turns into acceptance differs between greedy, cool and hot drawing.
  const warmth = Math.min(2, Math.ceil(sampling.temperature / 0.6));
  return new AdaptiveLength({ knowledge: draft.learnt.knowledge, kind: `model ${verification} ${warmth}`, max });
}

function asOutriderError(error: unknown): OutriderError {
  if (error instanceof OutriderError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new OutriderError('backend_failed', message, { cause: error });
}
