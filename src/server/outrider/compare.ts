/** POST /api/outrider/compare: both models answer, and the target judges what the draft model wrote. */
import { type CompareService, compare } from '../../engine/comparison/compare.js';
import type { CompareEvent } from '../../engine/comparison/events.js';
import type { Call } from '../activity.js';
import { readJson } from '../body.js';
import { openCall } from '../call.js';
import { HEADERS_WITHIN_MS } from '../choices.js';
import type { ServerContext, ServerRequest } from '../dialect.js';
import { begun, dataFrame, eventStream } from '../sse.js';
import { compareRequest } from './compare-request.js';
import { errorMessage } from './error-message.js';

export async function compareModels(context: ServerRequest, server: ServerContext): Promise<Response> {
  const json = await readJson(context.req.raw, server.settings.bodyLimitBytes);
  const { request, stream } = await compareRequest(json, server.service);
  const { call, abort } = openCall(context, 'outrider');
  const events = await begun(compare(comparable(server, call), request, call.signal), HEADERS_WITHIN_MS);
  if (!stream) return context.json(await collected(events));
  return eventStream(frames(events), {
    heartbeatMs: server.settings.heartbeatMs,
    abort,
    errorFrame: errorMessage(server.log, call.requestId),
  });
}

/** The engine, with generations that log, metrics and live views hear of. */
function comparable({ service, activity }: ServerContext, call: Call): CompareService {
  return {
    description: service.description,
    pieces: (tokens, renderSpecial) => service.pieces(tokens, renderSpecial),
    score: (request, signal) => service.score(request, signal),
    passCosts: () => service.passCosts(),
    generate: (request, signal = call.signal) => activity.run(request, { ...call, signal }),
  };
}

async function* frames(events: AsyncGenerator<CompareEvent, void, void>): AsyncGenerator<string, void, void> {
  for await (const event of events) yield dataFrame(messageOf(event));
  yield dataFrame({ type: 'done' });
}

function messageOf(event: CompareEvent): object {
  if (event.type !== 'end') return event;
  const { finishReason, ...rest } = event;
  return { ...rest, finish_reason: finishReason };
}

/** The messages of a stream as one object: the sides with their texts, and the comparison. */
async function collected(events: AsyncGenerator<CompareEvent, void, void>): Promise<object> {
  const models = new Map<string, string>();
  const sides: object[] = [];
  let rest: object = {};
  for await (const event of events) {
    if (event.type === 'start') {
      for (const { side, model } of event.sides) models.set(side, model);
      rest = { seed: event.seed };
    } else if (event.type === 'end') {
      const { type: _, ...end } = messageOf(event) as { type: string };
      sides.push({ ...end, model: models.get(event.side) });
    } else if (event.type === 'comparison') {
      const { type: _, ...comparison } = event;
      rest = { ...rest, ...comparison };
    }
  }
  return { sides, ...rest };
}
