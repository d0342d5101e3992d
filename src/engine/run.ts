/** Runs a planned request: sets up the loop's parts, folds its rounds into text, statistics and times, and emits events. */
import { OutriderError } from '../errors.js';
import type { SamplerChain } from '../sampling/index.js';
import {
  generate,
  type Proposer,
  positionNoise,
  type Sampler,
  type Sequence,
  type Token,
  WrittenProposer,
  type WrittenProposerOptions,
} from '../speculative/index.js';
import { Answer, type Setback } from './answer.js';
import { BanSampler } from './ban-sampler.js';
import { judgeOf, proposerFor, rulesFor } from './drafting.js';
import type { GenerationEvent, RoundEvent } from './events.js';
import type { LoadedModels } from './load.js';
import { LogprobSampler } from './logprob-sampler.js';
import { mostDrafted, type Plan } from './prepare.js';
import { replay } from './replay.js';
import { Updates } from './updates.js';

const now = (): number => performance.now();
/** A banned text that begins at a place again and again, whatever its first token, is let through. */
const MOST_BANS = 20;

/** The end of a request that was aborted before it had a place. */
export function abortedInQueue(plan: Plan): Iterable<GenerationEvent> {
  return new Answer(plan, { now, cachedTokens: () => 0 }).abort();
}

/** How a request began before it came to be run. */
export interface Beginning {
  /** When it had its turn, by this process's `performance.now`; default: now. */
  readonly began?: number;
  /** Puts a sampler around the request's own, to see what is written. */
  readonly watch?: (sampler: Sampler) => Sampler;
  /** What another model has written of the answer, in the tokens of the one that writes: it is verified first. */
  readonly written?: Pick<WrittenProposerOptions, 'written' | 'onJudged'>;
}

/** Never throws: what goes wrong becomes an `error` event, an abort a `finish` with what is there. */
export async function* run(
  plan: Plan,
  models: LoadedModels,
  signal: AbortSignal,
  { began, watch = (sampler) => sampler, written }: Beginning = {},
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
  const chain = judgeOf(plan, noise);
  const bans = plan.bannedStrings.length > 0 ? new BanSampler(chain) : undefined;
  const logprobs = plan.logprobs === undefined ? undefined : new LogprobSampler(bans ?? chain, plan.logprobs);
  const answer = new Answer(plan, {
    now,
    began,
    cachedTokens: () => target.reused,
    logprobsAt: logprobs && ((position) => logprobs.take(position)),
    canAvoid: bans && (({ tokens, token }) => bans.ban(plan.promptTokens.length + tokens, token) <= MOST_BANS),
  });
  const usualProposer = (): Proposer | undefined => proposerFor({ plan, models, target, noise, signal, now });
  let writtenFirst: WrittenProposer | undefined;
  let proposer: Proposer | undefined;
  try {
    proposer = usualProposer();
    if (written !== undefined) {
      const [start, max] = [plan.promptTokens.length, plan.draft.max];
      writtenFirst = new WrittenProposer({ ...written, start, max, next: proposer });
      proposer = writtenFirst;
    }
    yield startEvent(plan);
    if (answer.isStopped) return yield* answer.finish();
    const context = [...plan.promptTokens];
    await resume(plan.resume, { target, sampler: chain, context });
    const loop = {
      target,
      sampler: watch(logprobs ?? bans ?? chain),
      context,
      rules: rulesFor(plan, noise),
      isEnd: (token: Token) => plan.writer.ends.has(token),
      signal,
      now,
    };
    for (let attempt: 'first' | 'again' | 'over' = 'first'; attempt !== 'over'; ) {
      const maxTokens = plan.maxTokens - (context.length - plan.promptTokens.length);
      const maxDraft = writtenFirst === undefined ? plan.draft.max : mostDrafted(models.target.context, models);
      const rounds = generate({ ...loop, proposer, maxTokens, maxDraft });
      const first = rounds.next();
      if (attempt === 'first') for await (const done of progress.until(first)) yield { type: 'prompt', ...done };
      attempt = 'over';
      for (let step = await first; !step.done; step = await rounds.next()) {
        const isWritten = writtenFirst?.proposed(step.value.draft);
        const round: RoundEvent = { type: 'round', ...step.value, ...(isWritten && { escalated: true }) };
        yield round;
        yield* answer.add(round);
        if (answer.setback !== undefined) {
          goBack(answer, answer.setback, loop, plan);
          // Its drafters have seen what is gone, and what was written before began with it.
          proposer?.close();
          writtenFirst = undefined;
          proposer = usualProposer();
          attempt = 'again';
        }
        if (answer.isStopped || attempt === 'again') break;
      }
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

/** Takes text, context and caches back to where a banned text began; its first token is banned there by now. */
function goBack(
  answer: Answer,
  { tokens }: Setback,
  { target, sampler, context }: { readonly target: Sequence; readonly sampler: Sampler; readonly context: Token[] },
  { promptTokens }: Plan,
): void {
  answer.goBack();
  context.length = promptTokens.length + tokens;
  target.rewind(Math.min(target.length, context.length - 1));
  sampler.rewind(context.length);
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
  const { mode, seed, seedOrigin, verification, draft, leniency, promptTokens, notes } = plan;
  return {
    type: 'start',
    mode,
    seed,
    seedOrigin,
    verification,
    draftMax: draft.max,
    promptTokens: promptTokens.length,
    notes,
    ...(leniency > 0 && { leniency }),
  };
}

function asOutriderError(error: unknown): OutriderError {
  if (error instanceof OutriderError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new OutriderError('backend_failed', message, { cause: error });
}
