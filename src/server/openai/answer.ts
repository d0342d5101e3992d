/** The parts that answers to chats and to plain completions have in common, streamed or not. */
import { z } from 'zod';
import type { FinishEvent, FinishReason } from '../../engine/events.js';
import { count } from '../engine-schemas.js';
import { outriderReport, outriderSchema, type ReportedEvents } from '../report.js';
import { llamaTimings, llamaTimingsSchema } from '../timings.js';

/** The fields at the top of every answer and chunk; `created` in seconds since 1970. */
export const envelopeFields = {
  id: z.string(),
  created: z.int(),
  model: z.string(),
  system_fingerprint: z.string(),
};

const envelopeSchema = z.object(envelopeFields);
export type Envelope = z.output<typeof envelopeSchema>;

export const finishReasonSchema = z.enum(['stop', 'length']);

export const usageSchema = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  total_tokens: count,
  prompt_tokens_details: z.object({ cached_tokens: count }),
  completion_tokens_details: z.object({
    reasoning_tokens: count,
    accepted_prediction_tokens: count,
    rejected_prediction_tokens: count,
  }),
});

/** How an answer, or its first choice, was run. */
export const reportFields = { timings: llamaTimingsSchema, outrider: outriderSchema };

/** OpenAI knows no aborts: a client that took the request back does not read this. */
export function finishReason(reason: FinishReason): z.output<typeof finishReasonSchema> {
  return reason === 'length' ? 'length' : 'stop';
}

/**
 * Tokens of all choices; a prompt counts once, however many choices continue it. Accepted and rejected draft tokens are told
 * beside the completion's tokens, never among them.
 * @param perPrompt how many neighbouring choices share a prompt
 */
export function usageOf(
  finishes: readonly FinishEvent[],
  perPrompt: number,
  reasoningTokens: number,
): z.output<typeof usageSchema> {
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
