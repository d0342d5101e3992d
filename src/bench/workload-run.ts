/** One workload under one policy, timed: its requests one after another, as a caller would make them. */
import type { Engine, GenerationRequest, RoundEvent } from '../engine/index.js';
import { type Drafter, sequentialRandom, type Token } from '../speculative/index.js';
import { GarblingDrafter } from './garbling-drafter.js';
import { greedyDrawing, openModelDrafter, sharedDrawing } from './model-drafter.js';
import type { Policy } from './policies.js';
import type { FinishedText } from './trace.js';
import { tokensOfEach, type Workload } from './workloads.js';

/** What the bench keeps of a round. */
export interface RoundRecord
  extends Pick<RoundEvent, 'index' | 'accepted' | 'dropped' | 'origin' | 'draftMs' | 'verifyMs'> {
  readonly draft: Pick<RoundEvent['draft'], 'tokens' | 'confidences' | 'sources'>;
}

export interface WorkloadRun {
  /** From each request to its last token, summed. */
  readonly ms: number;
  /** From each request to its first token, summed. */
  readonly firstTokenMs: number;
  readonly texts: readonly FinishedText[];
  readonly rounds: readonly RoundRecord[];
}

export interface RunPlan {
  readonly engine: Engine;
  readonly workload: Workload;
  readonly policy: Policy;
  /** Of all answers together. */
  readonly tokens: number;
  readonly seed: number;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
  readonly signal?: AbortSignal | undefined;
}

/** The stretch of a `garbled` workload. */
export const STRETCH = 50;

/**
 * Runs it; the answers do not end before they have their share of the tokens.
 * @throws OutriderError whatever a request ends with, `aborted` for the signal
 */
export async function runWorkload(plan: RunPlan): Promise<WorkloadRun> {
  const run = { ms: 0, firstTokenMs: 0, texts: [] as FinishedText[], rounds: [] as RoundRecord[] };
  for (const request of requestsOf(plan)) {
    const prompt = plan.engine.tokenize(request.prompt).tokens;
    const drafter = drafterOf(plan, request, prompt);
    try {
      const answer = await timed(plan, drafter === undefined ? request : { ...request, drafter });
      run.ms += answer.ms;
      run.firstTokenMs += answer.firstTokenMs;
      run.texts.push({ prompt, tokens: answer.tokens });
      run.rounds.push(...answer.rounds);
    } finally {
      drafter?.close();
    }
  }
  return run;
}

/** The workload's requests under that policy, without a drafter of the bench's own. */
export function requestsOf({ workload, policy, tokens, seed }: Omit<RunPlan, 'engine' | 'now'>): GenerationRequest[] {
  const { prompts, temperature } = workload;
  return prompts.map((prompt) => ({
    prompt,
    ...policy.options,
    maxTokens: tokensOfEach(workload, tokens),
    ignoreEndOfText: true,
    cachePrompt: false,
    ...(policy.options.verification === undefined && { seed }),
    sampling: { temperature },
  }));
}

interface TimedAnswer extends Omit<WorkloadRun, 'texts'> {
  readonly tokens: readonly Token[];
}

async function timed({ engine, now, signal }: RunPlan, request: GenerationRequest): Promise<TimedAnswer> {
  const rounds: RoundRecord[] = [];
  let firstTokenMs = 0;
  const began = now();
  for await (const event of engine.generate(request, signal)) {
    if (event.type === 'error') throw event.error;
    if (event.type === 'round') {
      if (rounds.length === 0) firstTokenMs = now() - began;
      rounds.push(recordOf(event));
    }
    if (event.type === 'finish') {
      signal?.throwIfAborted();
      return { ms: now() - began, firstTokenMs, tokens: event.tokens, rounds };
    }
  }
  throw new Error('the events ended without a finish');
}

/** Laws stay behind: they are large, and nobody asks for them here. */
function recordOf({ index, draft, accepted, dropped, origin, draftMs, verifyMs }: RoundEvent): RoundRecord {
  const { tokens, confidences, sources } = draft;
  const said = { tokens, confidences, ...(sources && { sources }) };
  return { index, draft: said, accepted, dropped, origin, draftMs, verifyMs };
}

/** The bench's own drafter, where policy or workload asks for one. */
function drafterOf(
  { engine, workload, policy, seed, now }: RunPlan,
  request: GenerationRequest,
  prompt: readonly Token[],
): Drafter | undefined {
  const { draft } = engine.models;
  const garbled = workload.draft === 'garbled';
  if (draft === undefined || request.mode === 'main' || !(garbled || policy.drafter === 'greedy')) return undefined;
  const drawing = policy.drafter === 'greedy' ? greedyDrawing(engine) : sharedDrawing(engine, request, seed);
  const drafter = openModelDrafter({ engine, draft, drawing, prompt, now });
  if (!garbled) return drafter;
  return new GarblingDrafter(drafter, {
    promptTokens: prompt.length,
    stretch: STRETCH,
    vocabularySize: engine.models.target.model.vocabulary.size,
    random: sequentialRandom(seed),
  });
}
