/** POST /api/outrider/generate: one answer as the events of its generation, with what is known of each token. */
import type { FinishEvent, RoundEvent } from '../../engine/events.js';
import type { EngineService } from '../../engine/service.js';
import type { Token } from '../../speculative/index.js';
import type { ServedEvent } from '../activity.js';
import { readJson } from '../body.js';
import { openCall } from '../call.js';
import { beginChoices } from '../choices.js';
import type { ServerContext, ServerRequest } from '../dialect.js';
import { dataFrame, eventStream } from '../sse.js';
import { errorMessage } from './error-message.js';
import type { AnswerMessage, FinishMessage, RoundMessage } from './generate-messages.js';
import { generateRequest } from './generate-request.js';
import { predictedPlainMs } from './plain-prediction.js';
import { type TokenText, TokenTrail, tokenText } from './token-trail.js';

export async function generate(context: ServerRequest, server: ServerContext): Promise<Response> {
  const json = await readJson(context.req.raw, server.settings.bodyLimitBytes);
  const { request, reasoning } = await generateRequest(json, server);
  const { call, abort } = openCall(context, 'outrider');
  const [events] = await beginChoices([request], server, call, abort);
  const answer = new AnswerMessages(server.service, reasoning, request.resume?.length ?? 0);
  return eventStream(frames(events!, answer), {
    heartbeatMs: server.settings.heartbeatMs,
    abort,
    errorFrame: errorMessage(server.log, call.requestId),
  });
}

async function* frames(
  events: AsyncGenerator<ServedEvent, void, void>,
  answer: AnswerMessages,
): AsyncGenerator<string, void, void> {
  for await (const event of events) yield dataFrame(await answer.messageOf(event));
}

/** The events of one answer as they are sent. */
class AnswerMessages {
  readonly #service: EngineService;
  readonly #reasoning: Promise<boolean>;
  readonly #resumed: number;
  readonly #trail: TokenTrail;

  /**
   * @param reasoning whether the text begins inside the model's reasoning
   * @param resumed tokens of the answer that were there before
   */
  constructor(service: EngineService, reasoning: Promise<boolean>, resumed: number) {
    this.#service = service;
    this.#reasoning = reasoning;
    this.#resumed = resumed;
    this.#trail = new TokenTrail(textsOf(service));
  }

  async messageOf(event: ServedEvent): Promise<AnswerMessage> {
    switch (event.type) {
      case 'start':
        return { ...event, reasoning: await this.#reasoning };
      case 'round':
        this.#trail.round(event);
        return roundMessage(event);
      case 'text':
        return { type: 'text', text: event.text, origin: event.origin, tokens: await this.#trail.text(event) };
      case 'finish':
        return this.#finishMessage(event);
      default:
        return event;
    }
  }

  /** Tokens and text were told as they came. */
  async #finishMessage({ tokens: _, text: __, ...finish }: FinishEvent): Promise<FinishMessage> {
    // An engine that is just being replaced has nothing to predict from.
    const costs = await this.#service.passCosts().catch(() => undefined);
    const depth = finish.promptTokens + this.#resumed;
    const behindFirst = Math.max(0, finish.completionTokens - this.#resumed - 1);
    const plainMs = costs && predictedPlainMs(costs.target, depth, behindFirst);
    return { ...finish, ...(plainMs !== undefined && { predictedPlainMs: plainMs }) };
  }
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
}: RoundEvent): RoundMessage {
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
