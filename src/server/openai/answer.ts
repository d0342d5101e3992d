/** The parts that answers to chats and to plain completions have in common, streamed or not. */
import type { FinishEvent, FinishReason } from '../../engine/events.js';
import { outriderReport, type ReportedEvents } from '../report.js';
import { llamaTimings } from '../timings.js';

/** The fields at the top of every answer and chunk. */
export interface Envelope {
  readonly id: string;
  readonly object: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
  readonly system_fingerprint: string;
}

/** OpenAI knows no aborts: a client that took the request back does not read this. */
export function finishReason(reason: FinishReason): 'stop' | 'length' {
  return reason === 'length' ? 'length' : 'stop';
}

/**
 * Tokens of all choices; a prompt counts once, however many choices continue it. Accepted and rejected draft tokens are told
 * beside the completion's tokens, never among them.
 * @param perPrompt how many neighbouring choices share a prompt
 */
export function usageOf(finishes: readonly FinishEvent[], perPrompt: number, reasoningTokens: number) {
  const sum = (value: (finish: FinishEvent) => number, of = finishes) =>
    of.reduce((total, finish) => total + value(finish), 0);
  const prompts = finishes.filter((_, index) => index % perPrompt === 0);
  const promptTokens = sum((finish) => finish.promptTokens, prompts);
  const completionTokens = sum((finish) => finish.completionTokens);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: sum((finish) => finish.cachedTokens ?? 0, prompts) },
    completion_tokens_details: {
      reasoning_tokens: reasoningTokens,
      accepted_prediction_tokens: sum((finish) => finish.statistics.accepted),
      rejected_prediction_tokens: sum((finish) => finish.statistics.rejected),
    },
  };
}

/** How a choice was run, for those who look: llama-server's times, and ours. */
export function reportOf(events: ReportedEvents) {
  return { timings: llamaTimings(events.finish), outrider: outriderReport(events) };
}
