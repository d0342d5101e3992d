/** GET /api/outrider/rounds: the rounds of all requests, live. */
import { z } from 'zod';
import type { FinishEvent, GenerationEvent, RoundEvent, StartEvent } from '../../engine/events.js';
import { given } from '../../given.js';
import type { Activity, Generation } from '../activity.js';
import type { ServerContext, ServerRequest } from '../dialect.js';
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
import { errorFrame } from '../openai-errors.js';
import { dataFrame, eventStream } from '../sse.js';

/** `generation` tells requests apart. */
const startSchema = z.object({
  type: z.literal('start'),
  generation: count,
  requestId: z.string(),
  dialect: z.string(),
  mode,
  verification: verificationRule,
  draftMax: count,
  promptTokens: count,
  notes: listOf(z.string()),
  route: routeSchema.optional(),
  lossless: z.literal(false).optional(),
  leniency: z.number().optional(),
});

const roundSchema = z.object({
  type: z.literal('round'),
  generation: count,
  index: count,
  position: count,
  drafted: listOf(token),
  confidences: listOf(z.number()),
  dropped: count,
  accepted: count,
  origin: z.enum(['recovered', 'bonus', 'plain']),
  escalated: z.literal(true).optional(),
  tokens: listOf(token),
  draftMs: z.number(),
  verifyMs: z.number(),
});

/** Without a reason: refused, failed or left by its client. */
const endSchema = z.object({
  type: z.literal('end'),
  generation: count,
  reason: finishReason.optional(),
  promptTokens: count.optional(),
  completionTokens: count.optional(),
  statistics: statisticsSchema.optional(),
  timings: timingsSchema.optional(),
  route: routeSchema.optional(),
});

/** The reader was slow: so many messages were left out. */
const droppedSchema = z.object({ type: z.literal('dropped'), messages: count });

export const roundsMessageSchema = z.discriminatedUnion('type', [startSchema, roundSchema, endSchema, droppedSchema]);
type Message = z.output<typeof roundsMessageSchema>;

/** Messages kept for a watcher that is slow; beyond, the oldest are dropped and counted. */
const MAX_PENDING = 1024;

export function rounds(context: ServerRequest, { activity, settings, log }: ServerContext): Response {
  const abort = new AbortController();
  const frames = watched(activity, abort.signal);
  return eventStream(frames, {
    heartbeatMs: settings.heartbeatMs,
    abort,
    errorFrame: errorFrame(log, context.get('requestId')),
  });
}

/** Frames from now on, until the signal; generations never wait for whoever reads them. */
export async function* watched(
  activity: Pick<Activity, 'listen'>,
  signal: AbortSignal,
): AsyncGenerator<string, void, void> {
  const pending: Message[] = [];
  let dropped = 0;
  let wake = (): void => {};
  const push = (message: Message): void => {
    if (pending.length === MAX_PENDING) {
      pending.shift();
      dropped++;
    }
    pending.push(message);
    wake();
  };
  const unlisten = activity.listen({
    onEvent(event, generation) {
      const message = messageOf(event, generation);
      if (message !== undefined) push(message);
    },
    onEnd: (generation, finish) => push(endMessage(generation, finish)),
  });
  const leave = (): void => wake();
  signal.addEventListener('abort', leave, { once: true });
  try {
    while (!signal.aborted) {
      if (dropped > 0) {
        const messages = dropped;
        dropped = 0;
        const left: Message = { type: 'dropped', messages };
        yield dataFrame(left);
      }
      for (const message of pending.splice(0)) yield dataFrame(message);
      if (pending.length > 0 || signal.aborted) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    unlisten();
    signal.removeEventListener('abort', leave);
  }
}

function messageOf(event: GenerationEvent, generation: Generation): Message | undefined {
  if (event.type === 'start') return startMessage(event, generation);
  return event.type === 'round' ? roundMessage(event, generation) : undefined;
}

function startMessage(event: StartEvent, { id, requestId, dialect }: Generation): Message {
  const { mode, verification, draftMax, promptTokens, notes, route, leniency } = event;
  return {
    type: 'start',
    generation: id,
    requestId,
    dialect,
    mode,
    verification,
    draftMax,
    promptTokens,
    notes,
    ...given({ route }),
    ...(leniency !== undefined && { lossless: false as const, leniency }),
  };
}

function roundMessage(event: RoundEvent, { id }: Generation): Message {
  const { index, position, draft, dropped, accepted, origin, escalated, tokens, draftMs, verifyMs } = event;
  return {
    type: 'round',
    generation: id,
    index,
    position,
    drafted: draft.tokens,
    confidences: draft.confidences,
    dropped,
    accepted,
    origin,
    ...given({ escalated }),
    tokens,
    draftMs,
    verifyMs,
  };
}

function endMessage({ id }: Generation, finish: FinishEvent | undefined): Message {
  const told = finish && {
    reason: finish.reason,
    promptTokens: finish.promptTokens,
    completionTokens: finish.completionTokens,
    statistics: finish.statistics,
    timings: finish.timings,
    ...given({ route: finish.route }),
  };
  return { type: 'end', generation: id, ...told };
}
