/** POST /api/outrider/generate: one answer as the events of its generation, with what is known of each token. */
import type { RoundEvent, StartEvent } from '../../engine/events.js';
import type { EngineService } from '../../engine/service.js';
import type { Token } from '../../speculative/index.js';
import type { ServedEvent } from '../activity.js';
import { readJson } from '../body.js';
import { openCall } from '../call.js';
import { beginChoices } from '../choices.js';
import type { ServerContext, ServerRequest } from '../dialect.js';
import { dataFrame, eventStream } from '../sse.js';
import { errorMessage } from './error-message.js';
import { generateRequest } from './generate-request.js';
import { type TokenText, TokenTrail, tokenText } from './token-trail.js';

export async function generate(context: ServerRequest, server: ServerContext): Promise<Response> {
  const json = await readJson(context.req.raw, server.settings.bodyLimitBytes);
  const { request, reasoning } = await generateRequest(json, server);
  const { call, abort } = openCall(context, 'outrider');
  const [events] = await beginChoices([request], server, call, abort);
  return eventStream(frames(events!, new TokenTrail(textsOf(server.service)), reasoning), {
    heartbeatMs: server.settings.heartbeatMs,
    abort,
    errorFrame: errorMessage(server.log, call.requestId),
  });
}

async function* frames(
  events: AsyncGenerator<ServedEvent, void, void>,
  trail: TokenTrail,
  reasoning: boolean,
): AsyncGenerator<string, void, void> {
  for await (const event of events) yield dataFrame(await messageOf(event, trail, reasoning));
}

async function messageOf(event: ServedEvent, trail: TokenTrail, reasoning: boolean): Promise<object> {
  switch (event.type) {
    case 'start':
      return startMessage(event, reasoning);
    case 'round':
      trail.round(event);
      return roundMessage(event);
    case 'text':
      return { type: 'text', text: event.text, origin: event.origin, tokens: await trail.text(event) };
    case 'finish': {
      // Both were told as they came.
      const { tokens: _, text: __, ...rest } = event;
      return rest;
    }
    default:
      return event;
  }
}

/** `reasoning`: the text begins inside the model's reasoning. */
function startMessage(event: StartEvent, reasoning: boolean) {
  return { ...event, reasoning };
}

function roundMessage({
  index,
  position,
  draft,
  accepted,
  dropped,
  origin,
  escalated,
  tokens,
  draftMs,
  verifyMs,
}: RoundEvent) {
  return {
    type: 'round',
    index,
    position,
    drafted: draft.tokens.length,
    accepted,
    dropped,
    origin,
    ...(escalated && { escalated }),
    tokens: tokens.length,
    ...(draft.sources !== undefined && { sources: draft.sources }),
    draftMs,
    verifyMs,
  };
}

/** Texts of tokens, each asked for once. */
function textsOf(service: Pick<EngineService, 'pieces'>): (token: Token) => Promise<TokenText> {
  const known = new Map<Token, Promise<TokenText>>();
  return (token) => {
    const text = known.get(token) ?? service.pieces([token], true).then(([bytes]) => tokenText(bytes!));
    known.set(token, text);
    return text;
  };
}
