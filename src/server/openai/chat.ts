/** POST /v1/chat/completions. */
import { z } from 'zod';
import type { ReasoningPiece } from '../../text/reasoning.js';
import { parseWith, readJson } from '../body.js';
import { openCall } from '../call.js';
import { chatRequests, chatSchema } from '../chat-request.js';
import { beginChoices, type CollectedChoice, collectChoices } from '../choices.js';
import type { ServerContext, ServerRequest } from '../dialect.js';
import { count, listOf } from '../engine-schemas.js';
import { chatLogprobs, chatLogprobsSchema } from '../logprobs.js';
import { modelNamed } from '../model-names.js';
import { errorFrame } from '../openai-errors.js';
import { outriderSchema } from '../report.js';
import { eventStream } from '../sse.js';
import { refuseUnsupported } from '../unsupported.js';
import {
  type Envelope,
  envelopeFields,
  finishReason,
  finishReasonSchema,
  reportFields,
  reportOf,
  usageOf,
  usageSchema,
} from './answer.js';
import { ChatStream } from './chat-stream.js';
import { envelopeOf } from './envelope.js';
import { type SplitterFactory, splitterFor } from './splitter.js';
import { streamWishes } from './stream-wishes.js';

export async function chatCompletions(context: ServerRequest, server: ServerContext): Promise<Response> {
  const json = await readJson(context.req.raw, server.settings.bodyLimitBytes);
  refuseUnsupported(json);
  const body = parseWith(chatSchema, json);
  const model = modelNamed(server.service.description, body.model, server.settings.mode);
  const requests = await chatRequests(body, model, server.service);
  // It waits for an engine that is being replaced; headers do not. Whoever needs it hears of a failure.
  const splitter = splitterFor(body, server.service);
  splitter.catch(() => {});
  const { call, abort } = openCall(context, 'openai');
  const choices = await beginChoices(requests, server, call, abort);
  const envelope = envelopeOf(context, server, model, 'chatcmpl');
  if (!body.stream) return context.json(answer(await collectChoices(choices, abort), envelope, await splitter));
  const stream = new ChatStream({ envelope, choices, splitter, wishes: streamWishes(body), now: server.now });
  return eventStream(stream.frames(abort), {
    heartbeatMs: server.settings.heartbeatMs,
    abort,
    errorFrame: errorFrame(server.log, call.requestId),
  });
}

const choiceSchema = z.object({
  index: count,
  message: z.object({
    role: z.literal('assistant'),
    content: z.string(),
    refusal: z.null(),
    reasoning_content: z.string().optional(),
  }),
  logprobs: chatLogprobsSchema.nullable(),
  finish_reason: finishReasonSchema,
  outrider: outriderSchema.optional(),
});

export const chatAnswerSchema = z.object({
  ...envelopeFields,
  object: z.literal('chat.completion'),
  choices: listOf(choiceSchema),
  usage: usageSchema,
  ...reportFields,
});

function answer(
  collected: readonly CollectedChoice[],
  envelope: Envelope,
  splitter: SplitterFactory,
): z.output<typeof chatAnswerSchema> {
  let reasoningTokens = 0;
  const choices = collected.map((choice, index): z.output<typeof choiceSchema> => {
    const split = splitter();
    const texts = { reasoning: '', answer: '' };
    const take = (pieces: readonly ReasoningPiece[]) => {
      for (const { kind, text } of pieces) texts[kind] += text;
    };
    for (const piece of choice.pieces) {
      take(split?.add(piece) ?? [{ kind: 'answer', text: piece }]);
      if (split?.inReasoning) reasoningTokens++;
    }
    take(split?.end() ?? []);
    return {
      index,
      message: {
        role: 'assistant',
        content: texts.answer,
        refusal: null,
        ...(texts.reasoning !== '' && { reasoning_content: texts.reasoning }),
      },
      logprobs: choice.logprobs.length > 0 ? chatLogprobs(choice.logprobs) : null,
      finish_reason: finishReason(choice.finish.reason),
      ...(collected.length > 1 && { outrider: reportOf(choice).outrider }),
    };
  });
  const finishes = collected.map(({ finish }) => finish);
  return {
    ...envelope,
    object: 'chat.completion',
    choices,
    usage: usageOf(finishes, finishes.length, reasoningTokens),
    ...reportOf(collected[0]!),
  };
}
