/** POST /api/outrider/compare: both models answer, and the target judges what the draft model wrote. */
import { type CompareService, compare } from '../../engine/comparison/compare.js';
import type { CompareEvent } from '../../engine/comparison/events.js';
import type { Call } from '../activity.js';
import { readJson } from '../body.js';
import { openCall } from '../call.js';
import { HEADERS_WITHIN_MS } from '../choices.js';
import type { ServerContext, ServerRequest } from '../dialect.js';
import { begun, dataFrame, eventStream } from '../sse.js';
import { type CompareMessage, collected, messageOf } from './compare-messages.js';
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
  const frame = (message: CompareMessage): string => dataFrame(message);
  for await (const event of events) yield frame(messageOf(event));
  yield frame({ type: 'done' });
}
