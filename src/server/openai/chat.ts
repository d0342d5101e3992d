/** POST /v1/chat/completions. */
import type { TokenLogprob } from '../../engine/events.js';
import { merged } from '../../engine/merged.js';
import type { ReasoningPiece } from '../../text/reasoning.js';
import { parseWith, readJson } from '../body.js';
import { openCall } from '../call.js';
import { beginChoices, type Choice, type CollectedChoice, collectChoices } from '../choices.js';
import type { ServerContext, ServerRequest } from '../dialect.js';
import { chatLogprobs } from '../logprobs.js';
import { modelNamed } from '../model-names.js';
import { errorFrame } from '../openai-errors.js';
import type { ReportedEvents } from '../report.js';
import { dataFrame, eventStream } from '../sse.js';
import { refuseUnsupported } from '../unsupported.js';
import { type Envelope, finishReason, reportOf, usageOf } from './answer.js';
import { chatRequests, chatSchema, type SplitterFactory, splitterFor } from './chat-request.js';
import { envelopeOf } from './envelope.js';

export async function chatCompletions(context: ServerRequest, server: ServerContext): Promise<Response> {
  const json = await readJson(context.req.raw, server.settings.bodyLimitBytes);
  refuseUnsupported(json);
  const body = parseWith(chatSchema, json);
  const model = modelNamed(server.service.description, body.model, server.settings.mode);
  const requests = await chatRequests(body, model, server.service);
  const splitter = await splitterFor(body, server.service);
  const { call, abort } = openCall(context, 'openai');
  const choices = await beginChoices(requests, server, call, abort);
  const envelope = envelopeOf(context, server, model, 'chatcmpl');
  if (!body.stream) {
    const collected = await collectChoices(choices, abort);
    return context.json(answer(collected, { ...envelope, object: 'chat.completion' }, splitter));
  }
  const usage = body.stream_options?.include_usage ?? false;
  const stream = new ChatStream({ ...envelope, object: 'chat.completion.chunk' }, requests.length, splitter, usage);
  return eventStream(stream.frames(choices, abort), {
    heartbeatMs: server.settings.heartbeatMs,
    abort,
    errorFrame: errorFrame(server.log, call.requestId),
  });
}

function answer(collected: readonly CollectedChoice[], envelope: Envelope, splitter: SplitterFactory) {
  let reasoningTokens = 0;
  const choices = collected.map((choice, index) => {
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
    choices,
    usage: usageOf(finishes, finishes.length, reasoningTokens),
    ...reportOf(collected[0]!),
  };
}

interface ChoiceState {
  readonly split: ReturnType<SplitterFactory>;
  /** Of tokens whose text the splitter holds back. */
  logprobs: TokenLogprob[];
  ends: Partial<ReportedEvents>;
}

/** A streamed chat: folds the events of its choices into chunks. */
class ChatStream {
  readonly #envelope: Envelope;
  readonly #states: readonly ChoiceState[];
  readonly #includeUsage: boolean;
  #reasoningTokens = 0;

  constructor(envelope: Envelope, choices: number, splitter: SplitterFactory, includeUsage: boolean) {
    this.#envelope = envelope;
    this.#states = Array.from({ length: choices }, () => ({ split: splitter(), logprobs: [], ends: {} }));
    this.#includeUsage = includeUsage;
  }

  async *frames(choices: readonly Choice[], abort: AbortController): AsyncGenerator<string, void, void> {
    for await (const { index, value: event } of merged(choices, abort)) {
      const state = this.#states[index]!;
      if (event.type === 'start') {
        state.ends = { start: event };
        yield this.#chunk(index, { role: 'assistant', content: null });
      } else if (event.type === 'text') {
        state.logprobs.push(...(event.logprobs ?? []));
        yield* this.#pieces(index, state, state.split?.add(event.text) ?? [{ kind: 'answer', text: event.text }]);
        if (state.split?.inReasoning) this.#reasoningTokens++;
      } else if (event.type === 'finish') {
        yield* this.#pieces(index, state, state.split?.end() ?? []);
        state.ends = { ...state.ends, finish: event };
        const report = reportOf({ start: state.ends.start, finish: event });
        yield this.#chunk(index, {}, { finish_reason: finishReason(event.reason) }, report);
      }
    }
    if (this.#includeUsage) yield dataFrame({ ...this.#envelope, choices: [], usage: this.#usage() });
    yield 'data: [DONE]\n\n';
  }

  *#pieces(index: number, state: ChoiceState, pieces: readonly ReasoningPiece[]): Generator<string> {
    for (const { kind, text } of pieces) {
      const logprobs = state.logprobs.splice(0);
      yield this.#chunk(
        index,
        kind === 'reasoning' ? { reasoning_content: text } : { content: text },
        logprobs.length > 0 ? { logprobs: chatLogprobs(logprobs) } : {},
      );
    }
  }

  #chunk(index: number, delta: object, choice: object = {}, top: object = {}): string {
    const choices = [{ index, delta, logprobs: null, finish_reason: null, ...choice }];
    return dataFrame({ ...this.#envelope, choices, ...top });
  }

  #usage() {
    const finishes = this.#states.flatMap(({ ends }) => ends.finish ?? []);
    return usageOf(finishes, this.#states.length, this.#reasoningTokens);
  }
}
