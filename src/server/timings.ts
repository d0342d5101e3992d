import type { FinishEvent } from '../engine/events.js';
import { given } from '../given.js';

/** llama-server's `timings`: milliseconds, tokens a second; 0 where a rate cannot be told. */
export interface LlamaTimings {
  readonly cache_n: number;
  /** Ours: cached tokens that were evaluated at another position, or behind such ones. */
  readonly shifted?: number;
  readonly prompt_n: number;
  readonly prompt_ms: number;
  readonly prompt_per_token_ms: number;
  readonly prompt_per_second: number;
  readonly predicted_n: number;
  readonly predicted_ms: number;
  readonly predicted_per_token_ms: number;
  readonly predicted_per_second: number;
  readonly draft_n?: number;
  readonly draft_n_accepted?: number;
}

/** The first token comes from the prompt's logits, so the rate of writing counts those behind it. */
export function llamaTimings(finish: FinishEvent): LlamaTimings {
  const { promptTokens, cachedTokens = 0, shifted, completionTokens, statistics, timings } = finish;
  const evaluated = promptTokens - cachedTokens;
  const written = Math.max(0, completionTokens - 1);
  const { promptMs, predictedMs } = timings;
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
    ...(statistics.drafted > 0 && { draft_n: statistics.drafted, draft_n_accepted: statistics.accepted }),
  };
}

function ratio(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}
