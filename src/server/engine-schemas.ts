/** What the engine reports, as schemas of answers that hand it on. */
import { z } from 'zod';
import { MODES, type Route, type Timings, VERIFICATION_RULES } from '../engine/events.js';
import type { Statistics } from '../speculative/index.js';

/** A count of tokens, rounds, requests or bytes. */
export const count = z.int().min(0);
export const token = z.int().min(0);
export const mode = z.enum(MODES);
export const verificationRule = z.enum(VERIFICATION_RULES);
export const finishReason = z.enum(['stop', 'length', 'aborted']);

export function listOf<Schema extends z.ZodType>(schema: Schema) {
  return z.array(schema).readonly();
}

export const statisticsSchema = z.object({
  rounds: count,
  drafted: count,
  accepted: count,
  rejected: count,
  discarded: count,
  recovered: count,
  bonus: count,
  plain: count,
  acceptanceRate: z.number().nullable(),
  draftEfficiency: z.number().nullable(),
  blockEfficiency: z.number().nullable(),
  perPosition: listOf(z.object({ judged: count, accepted: count })),
}) satisfies z.ZodType<Statistics>;

/** Milliseconds, and tokens a second. */
export const timingsSchema = z.object({
  promptMs: z.number(),
  predictedMs: z.number(),
  predictedPerSecond: z.number().nullable(),
  promptPerSecond: z.number().nullable(),
  draftMs: z.number(),
  verifyMs: z.number(),
}) satisfies z.ZodType<Timings>;

export const routeSchema = z.object({
  to: z.enum(['draft', 'target']),
  rule: z.string(),
  reason: z.string(),
  escalated: z.object({ atToken: count, confidence: z.number() }).exactOptional(),
}) satisfies z.ZodType<Route>;
