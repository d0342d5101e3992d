/** GET /api/outrider/rounds: the rounds of all requests, live. */
import type { FinishEvent, GenerationEvent, RoundEvent, StartEvent } from '../../engine/events.js';
import { given } from '../../given.js';
import type { Activity, Generation } from '../activity.js';
import type { ServerContext, ServerRequest } from '../dialect.js';
import { errorFrame } from '../openai-errors.js';
import { dataFrame, eventStream } from '../sse.js';

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
  const pending: object[] = [];
  let dropped = 0;
  let wake = (): void => {};
  const push = (message: object): void => {
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
        yield dataFrame({ type: 'dropped', messages });
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

function messageOf(event: GenerationEvent, generation: Generation): object | undefined {
  if (event.type === 'start') return startMessage(event, generation);
  return event.type === 'round' ? roundMessage(event, generation) : undefined;
}

function startMessage(event: StartEvent, { id, requestId, dialect }: Generation) {
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
    ...(leniency !== undefined && { lossless: false, leniency }),
  };
}

function roundMessage(event: RoundEvent, { id }: Generation) {
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

/** Without a reason: refused, failed or left by its client. */
function endMessage({ id }: Generation, finish: FinishEvent | undefined) {
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
