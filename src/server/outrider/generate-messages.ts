/** The messages of POST /api/outrider/generate: the events of one answer, with what is known of each token. */
import { z } from 'zod';
import {
  count,
  finishReason,
  listOf,
  mode,
  routeSchema,
  statisticsSchema,
  timingsSchema,
  token,
  verificationRule,
} from '../engine-schemas.js';
import { errorMessageSchema } from './error-message.js';
import type { ShownToken } from './token-trail.js';

const origin = z.enum(['recovered', 'bonus', 'plain']);
const probability = z.number().min(0).max(1);

/** `bytes`: hexadecimal digits, where the token is no whole characters. */
const tokenText = z.object({ id: token, text: z.string(), bytes: z.string().exactOptional() });

const shownToken = tokenText.extend({
  origin: z.enum(['accepted', 'escalated', ...origin.options]),
  target: probability,
  draft: probability.exactOptional(),
  rejected: tokenText.extend({ draft: probability, target: probability.exactOptional() }).exactOptional(),
  top: listOf(tokenText.extend({ target: probability })),
}) satisfies z.ZodType<ShownToken>;

/** All places are taken; so many requests are before this one. */
const queued = z.object({ type: z.literal('queued'), ahead: count });
const admitted = z.object({ type: z.literal('admitted') });

const start = z.object({
  type: z.literal('start'),
  mode,
  seed: z.int(),
  seedOrigin: z.enum(['given', 'drawn']),
  verification: verificationRule,
  draftMax: count,
  promptTokens: count,
  cachedTokens: count,
  notes: listOf(z.string()),
  route: routeSchema.optional(),
  leniency: z.number().optional(),
  /** The text begins inside the model's reasoning. */
  reasoning: z.boolean(),
});

const prompt = z.object({ type: z.literal('prompt'), evaluated: count, total: count, cached: count.optional() });

/** Counts of tokens; times in milliseconds. */
const round = z.object({
  type: z.literal('round'),
  index: count,
  position: count,
  drafted: count,
  accepted: count,
  dropped: count,
  origin,
  escalated: z.literal(true).optional(),
  tokens: count,
  /** Which drafter proposed each token. */
  sources: listOf(z.string()).optional(),
  draftMs: z.number(),
  verifyMs: z.number(),
});
export type RoundMessage = z.output<typeof round>;

const text = z.object({
  type: z.literal('text'),
  text: z.string(),
  origin: shownToken.shape.origin,
  tokens: listOf(shownToken),
});

const draftUse = z.object({
  model: z.string(),
  cachedTokens: count,
  shifted: count.optional(),
  evaluatedTokens: count,
});

const finish = z.object({
  type: z.literal('finish'),
  reason: finishReason,
  stop: z.string().optional(),
  promptTokens: count,
  completionTokens: count,
  cachedTokens: count.optional(),
  shifted: count.optional(),
  dropped: count.optional(),
  drafts: listOf(draftUse).optional(),
  letThrough: listOf(z.string()).optional(),
  statistics: statisticsSchema,
  timings: timingsSchema,
  route: routeSchema.optional(),
  /** Milliseconds in which the target alone would have written it, by what its passes take. */
  predictedPlainMs: z.number().optional(),
});
export type FinishMessage = z.output<typeof finish>;

const ofAnswer = z.discriminatedUnion('type', [queued, admitted, start, prompt, round, text, finish]);
export type AnswerMessage = z.output<typeof ofAnswer>;

export const messageSchema = z.discriminatedUnion('type', [
  queued,
  admitted,
  start,
  prompt,
  round,
  text,
  finish,
  errorMessageSchema,
]);
