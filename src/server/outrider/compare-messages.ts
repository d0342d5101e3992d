/** The messages of POST /api/outrider/compare, and the object that they come to. */
import { z } from 'zod';
import type { CompareEvent, Comparison } from '../../engine/comparison/events.js';
import { count, finishReason, listOf, timingsSchema } from '../engine-schemas.js';
import { errorMessageSchema } from './error-message.js';

const side = z.enum(['main', 'draft']);
const probability = z.number().min(0).max(1);

const start = z.object({
  type: z.literal('start'),
  sides: listOf(z.object({ side, model: z.string() })),
  seed: z.int(),
});

/** `tokens`: how many the side has written so far. */
const text = z.object({ type: z.literal('text'), side, text: z.string(), tokens: count });

const end = z.object({
  type: z.literal('end'),
  side,
  text: z.string(),
  tokens: count,
  timings: timingsSchema,
  finish_reason: finishReason,
});

const comparison = z.object({
  divergence: z.object({ token: count, character: count, main: z.string(), draft: z.string() }).nullable(),
  agreement: z.object({
    judged: count,
    accepted: count,
    expectedAcceptance: probability.nullable(),
    expectedSpeedup: z.number().nullable(),
    draftLength: count.nullable(),
  }),
  tokens: listOf(
    z.object({
      text: z.string(),
      accepted: z.boolean(),
      acceptance: probability,
      target: probability,
      draft: probability.nullable(),
      wanted: z.string().nullable(),
    }),
  ),
  judgingMs: z.number(),
}) satisfies z.ZodType<Comparison>;

const comparisonMessage = comparison.extend({ type: z.literal('comparison') });
const done = z.object({ type: z.literal('done') });

export const compareMessageSchema = z.discriminatedUnion('type', [
  start,
  text,
  end,
  comparisonMessage,
  done,
  errorMessageSchema,
]);
export type CompareMessage = z.output<typeof compareMessageSchema>;

/** Without `type`; the comparison is missing where it was aborted. */
export const compareAnswerSchema = comparison.partial().extend({
  sides: listOf(end.omit({ type: true }).extend({ model: z.string() })),
  seed: z.int().optional(),
});
type CompareAnswer = z.output<typeof compareAnswerSchema>;

export function messageOf(event: CompareEvent): CompareMessage {
  return event.type === 'end' ? { type: 'end', ...sideOf(event) } : event;
}

type EndEvent = Extract<CompareEvent, { readonly type: 'end' }>;

function sideOf({ type: _, finishReason, ...rest }: EndEvent) {
  return { ...rest, finish_reason: finishReason };
}

/** The messages of a stream as one object: the sides with their texts, the target's first, and the comparison. */
export async function collected(events: AsyncGenerator<CompareEvent, void, void>): Promise<CompareAnswer> {
  const models = new Map<string, string>();
  const ends = new Map<string, CompareAnswer['sides'][number]>();
  let answer: Omit<CompareAnswer, 'sides'> = {};
  for await (const event of events) {
    if (event.type === 'start') {
      for (const { side, model } of event.sides) models.set(side, model);
      answer = { ...answer, seed: event.seed };
    } else if (event.type === 'end') {
      ends.set(event.side, { ...sideOf(event), model: models.get(event.side)! });
    } else if (event.type === 'comparison') {
      const { type: _, ...comparison } = event;
      answer = { ...answer, ...comparison };
    }
  }
  return { ...answer, sides: [...models.keys()].flatMap((side) => ends.get(side) ?? []) };
}
