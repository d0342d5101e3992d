import { z } from 'zod';
import type { DraftUse, FinishEvent, Route, StartEvent } from '../engine/events.js';
import { given } from '../given.js';
import { count, listOf, mode, statisticsSchema, timingsSchema, verificationRule } from './engine-schemas.js';

/** The two events that say how a text was written. */
export interface ReportedEvents {
  readonly start: StartEvent | undefined;
  readonly finish: FinishEvent;
}

const draftSchema = z.object({
  model: z.string(),
  cached_tokens: count,
  shifted: count.optional(),
  evaluated_tokens: count,
});

const routeSchema = z.object({
  to: z.enum(['draft', 'target']),
  rule: z.string(),
  reason: z.string(),
  escalated: z.object({ at_token: count, confidence: z.number() }).optional(),
});

export const outriderSchema = z.object({
  mode: mode.optional(),
  seed: z.int().optional(),
  verification: verificationRule.optional(),
  draft_max: count.optional(),
  lossless: z.literal(false).optional(),
  leniency: z.number().optional(),
  notes: listOf(z.string()).optional(),
  route: routeSchema.optional(),
  stop: z.string().optional(),
  shifted: count.optional(),
  dropped: count.optional(),
  drafts: listOf(draftSchema).optional(),
  statistics: statisticsSchema,
  timings: timingsSchema,
});

/** `outrider` of an answer in any dialect: how the text was written, for those who look. */
export function outriderReport({ start, finish }: ReportedEvents): z.output<typeof outriderSchema> {
  return {
    ...(start !== undefined && {
      mode: start.mode,
      seed: start.seed,
      verification: start.verification,
      draft_max: start.draftMax,
      ...(start.leniency !== undefined && { lossless: false as const, leniency: start.leniency }),
      notes: start.notes,
    }),
    ...(finish.route !== undefined && { route: routeReport(finish.route) }),
    ...given({ stop: finish.stop, shifted: finish.shifted, dropped: finish.dropped }),
    ...(finish.drafts !== undefined && { drafts: finish.drafts.map(draftReport) }),
    statistics: finish.statistics,
    timings: finish.timings,
  };
}

function draftReport({ model, cachedTokens, shifted, evaluatedTokens }: DraftUse): z.output<typeof draftSchema> {
  return { model, cached_tokens: cachedTokens, ...given({ shifted }), evaluated_tokens: evaluatedTokens };
}

/** Who wrote the text in mode `auto`, and why, in the words of the wire. */
function routeReport({ to, rule, reason, escalated }: Route): z.output<typeof routeSchema> {
  return {
    to,
    rule,
    reason,
    ...(escalated !== undefined && {
      escalated: { at_token: escalated.atToken, confidence: escalated.confidence },
    }),
  };
}
