/** Runs a planned request: sets up the loop's parts, folds its rounds into text, statistics and times, and emits events. */
import { OutriderError } from '../errors.js';
import type { SamplerChain } from '../sampling/index.js';
import { generate, type Proposer, positionNoise, type Sequence, type Token } from '../speculative/index.js';
import { Answer } from './answer.js';
import { proposerFor, rulesFor, samplerOf } from './drafting.js';
import type { GenerationEvent } from './events.js';
import type { LoadedModels } from './load.js';
import type { Plan } from './prepare.js';
import { replay } from './replay.js';
import { Updates } from './updates.js';

const now = (): number => performance.now();

/** The end of a request that was aborted before it had a place. */
export function abortedInQueue(plan: Plan): Iterable<GenerationEvent> {
  return new Answer(plan, now, () => 0).abort();
}

/** Never throws: what goes wrong becomes an `error` event, an abort a `finish` with what is there. */
export async function* run(
  plan: Plan,
  models: LoadedModels,
  signal: AbortSignal,
): AsyncGenerator<GenerationEvent, void, void> {
  const progress = new Updates<{ evaluated: number; total: number }>();
  const noise = positionNoise(plan.seed);
  const target = plan.writer.batcher.open(
    {
      capacity: models.contextSize,
      promptLength: plan.promptTokens.length,
      signal,
      onProgress: (evaluated, total) => progress.push({ evaluated, total }),
    },
    plan.cacheable,
  );
  const answer = new Answer(plan, now, () => target.reused);
  let proposer: Proposer | undefined;
  try {
    proposer = proposerFor({ plan, models, target, noise, signal, now });
    yield startEvent(plan);
    if (answer.isStopped) return yield* answer.finish();
    const sampler = samplerOf(plan, noise);
    const context = [...plan.promptTokens];
    await resume(plan.resume, { target, sampler, context });
    const rounds = generate({
      target,
      sampler,
      context,
      proposer,
      rules: rulesFor(plan, noise),
      maxTokens: plan.maxTokens - plan.resume.length,
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
    proposer?.close();
  }
}

/** Takes up an answer behind these tokens of it, in sampler and context; the loop evaluates what is left of them. */
async function resume(
  tokens: readonly Token[],
  { target, sampler, context }: { target: Sequence; sampler: SamplerChain; context: Token[] },
): Promise<void> {
  if (sampler.sequentialOnly) return replay({ target, sampler, context, tokens });
  for (const token of tokens) {
    context.push(token);
    sampler.push(token);
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

function asOutriderError(error: unknown): OutriderError {
  if (error instanceof OutriderError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new OutriderError('backend_failed', message, { cause: error });
}
