import { z } from 'zod';
import type { FinishEvent, RoundEvent } from '../engine/events.js';
import { given } from '../given.js';
import type { ServedEvent } from './activity.js';
import { count } from './engine-schemas.js';

/** llama-server's `timings`: milliseconds, tokens a second; 0 where a rate cannot be told. */
export const llamaTimingsSchema = z.object({
  cache_n: count,
  /** Ours: cached tokens that were evaluated at another position, or behind such ones. */
  shifted: count.optional(),
  prompt_n: count,
  prompt_ms: z.number(),
  prompt_per_token_ms: z.number(),
  prompt_per_second: z.number(),
  predicted_n: count,
  predicted_ms: z.number(),
  predicted_per_token_ms: z.number(),
  predicted_per_second: z.number(),
  draft_n: count.optional(),
  draft_n_accepted: count.optional(),
});
export type LlamaTimings = z.output<typeof llamaTimingsSchema>;

/** What `timings` are told from, in tokens and milliseconds. */
interface Measured {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly shifted?: number | undefined;
  readonly completionTokens: number;
  readonly drafted: number;
  readonly accepted: number;
  readonly promptMs: number;
  readonly predictedMs: number;
}

export function llamaTimings({ statistics, timings, cachedTokens = 0, ...finish }: FinishEvent): LlamaTimings {
  return timingsOf({ ...finish, ...statistics, ...timings, cachedTokens });
}

/** The first token comes from the prompt's logits, so the rate of writing counts those behind it. */
function timingsOf(measured: Measured): LlamaTimings {
  const { promptTokens, cachedTokens, shifted, completionTokens, drafted, accepted, promptMs, predictedMs } = measured;
  const evaluated = promptTokens - cachedTokens;
  const written = Math.max(0, completionTokens - 1);
  return {
    cache_n: cachedTokens,
    ...given({ shifted }),
    prompt_n: evaluated,
    prompt_ms: promptMs,
    prompt_per_token_ms: ratio(promptMs, evaluated),
    prompt_per_second: ratio(evaluated * 1000, promptMs),
    predicted_n: completionTokens,
    predicted_ms: predictedMs,
    predicted_per_token_ms: ratio(predictedMs, written),
    predicted_per_second: ratio(written * 1000, predictedMs),
    ...(drafted > 0 && { draft_n: drafted, draft_n_accepted: accepted }),
  };
}

function ratio(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}

/** llama-server's `prompt_progress`: tokens of the prompt, of which `cache` were there before; since when, in milliseconds. */
export const promptProgressSchema = z.object({ total: count, cache: count, processed: count, time_ms: z.number() });
export type PromptProgress = z.output<typeof promptProgressSchema>;

/** Tells how far an answer is that is being written, from its events as they come by. */
export class AnswerProgress {
  readonly #now: () => number;
  #began = 0;
  #firstAt: number | undefined;
  #counts = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, drafted: 0, accepted: 0 };
  /** Prompt tokens that are there. */
  #processed = 0;

  /** @param now milliseconds of a steady clock */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Takes the answer's next event; returns what it tells of the prompt: first how much of it was cached, behind each pass
   * how much is there, at last that it is done.
   */
  add(event: ServedEvent): readonly PromptProgress[] {
    if (event.type === 'start') {
      this.#began = this.#now();
      this.#counts.promptTokens = event.promptTokens;
      this.#counts.cachedTokens = event.cachedTokens;
      return [this.#promptProgress(event.cachedTokens)];
    }
    if (event.type === 'prompt') {
      // What the cache seemed to hold may have turned out not to be usable.
      this.#counts.cachedTokens = event.cached ?? this.#counts.cachedTokens;
      return [this.#promptProgress(event.evaluated)];
    }
    return event.type === 'round' ? this.#addRound(event) : [];
  }

  #addRound({ tokens, draft, dropped, accepted }: RoundEvent): readonly PromptProgress[] {
    const { promptTokens } = this.#counts;
    const isFirst = this.#firstAt === undefined;
    this.#firstAt ??= this.#now();
    this.#counts.completionTokens += tokens.length;
    this.#counts.drafted += draft.tokens.length + dropped;
    this.#counts.accepted += accepted;
    return isFirst && this.#processed < promptTokens ? [this.#promptProgress(promptTokens)] : [];
  }

  get timings(): LlamaTimings {
    const firstAt = this.#firstAt ?? this.#now();
    return timingsOf({
      ...this.#counts,
      promptMs: firstAt - this.#began,
      predictedMs: this.#now() - firstAt,
    });
  }

  #promptProgress(processed: number): PromptProgress {
    const { promptTokens: total, cachedTokens: cache } = this.#counts;
    this.#processed = processed;
    return { total, cache, processed, time_ms: this.#now() - this.#began };
  }
}
