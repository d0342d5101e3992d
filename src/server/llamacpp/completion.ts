/** POST /completion and /completions. */
import { z } from 'zod';
import type { StartEvent } from '../../engine/events.js';
import { merged } from '../../engine/merged.js';
import { parseWith, readJson } from '../body.js';
import { openCall } from '../call.js';
import { beginChoices, type Choice, collectChoices } from '../choices.js';
import type { ServerContext, ServerRequest } from '../dialect.js';
import { listOf } from '../engine-schemas.js';
import { modelNamed } from '../model-names.js';
import { errorFrame } from '../openai-errors.js';
import { dataFrame, eventStream } from '../sse.js';
import { AnswerProgress } from '../timings.js';
import { refuseUnsupported } from '../unsupported.js';
import {
  type CompletionFrame,
  finalCompletion,
  finalSchema,
  partialCompletion,
  partialSchema,
  textOf,
} from './answer.js';
import { completionRequests, completionSchema } from './completion-request.js';
import { chosenFields } from './response-fields.js';

/** With `response_fields`, under the names that were asked for. */
const chosenSchema = z.record(z.string(), z.unknown());
const wholeSchema = z.union([finalSchema, chosenSchema]);

/** Of several prompts or completions, a list. */
export const completionAnswerSchema = z.union([wholeSchema, listOf(wholeSchema)]);
export const completionEventSchema = z.union([partialSchema, wholeSchema]);

export async function completion(context: ServerRequest, server: ServerContext): Promise<Response> {
  const json = await readJson(context.req.raw, server.settings.bodyLimitBytes);
  refuseUnsupported(json);
  const body = parseWith(completionSchema, json);
  const { service, settings, log } = server;
  const model = modelNamed(service.description, body.model, settings.mode);
  const requests = await completionRequests(body, model, service);
  const { stream = false, return_tokens: returnTokens = false, response_fields: fields = [] } = body;
  const wishes = { progress: body.return_progress ?? false, timings: body.timings_per_token ?? false };
  const frames = requests.map((request, index): CompletionFrame => {
    // It waits for an engine that is being replaced; headers do not. Whoever needs it hears of a failure.
    const promptText = textOf(request.prompt, service);
    promptText.catch(() => {});
    return { index, model: model.id, request, promptText, stream, returnTokens };
  });
  const { call, abort } = openCall(context, 'llama.cpp');
  const choices = await beginChoices(requests, server, call, abort);
  if (stream) {
    return eventStream(streamed({ choices, frames, fields, wishes, now: server.now }, abort), {
      heartbeatMs: settings.heartbeatMs,
      abort,
      errorFrame: errorFrame(log, call.requestId),
    });
  }
  const collected = await collectChoices(choices, abort);
  const answers = await Promise.all(
    collected.map(async ({ start, finish, pieces, logprobs }, index) =>
      chosenFields(await finalCompletion(frames[index]!, pieces.join(''), start, finish, logprobs), fields),
    ),
  );
  return context.json(answers.length === 1 ? answers[0]! : answers);
}

interface Streamed {
  readonly choices: readonly Choice[];
  /** Of each choice. */
  readonly frames: readonly CompletionFrame[];
  readonly fields: readonly string[];
  readonly wishes: { readonly progress: boolean; readonly timings: boolean };
  readonly now: () => number;
}

interface ChoiceState {
  readonly progress: AnswerProgress;
  start: StartEvent | undefined;
  predicted: number;
}

/** No `[DONE]` at the end: the last event of a completion has `stop: true`. */
async function* streamed(
  { choices, frames, fields, wishes, now }: Streamed,
  abort: AbortController,
): AsyncGenerator<string, void, void> {
  const states = frames.map((): ChoiceState => ({ progress: new AnswerProgress(now), start: undefined, predicted: 0 }));
  for await (const { index, value: event } of merged(choices, abort)) {
    const frame = frames[index]!;
    const state = states[index]!;
    const told = state.progress.add(event);
    const part = { predicted: state.predicted, promptTokens: state.start?.promptTokens ?? 0 };
    if (wishes.progress) {
      for (const progress of told) yield dataFrame(partialCompletion(frame, { ...part, progress }));
    }
    if (event.type === 'start') state.start = event;
    else if (event.type === 'round') state.predicted += event.tokens.length;
    else if (event.type === 'text') {
      const timings = wishes.timings ? { timings: state.progress.timings } : {};
      const { text: content, tokens, logprobs } = event;
      yield dataFrame(partialCompletion(frame, { ...part, content, tokens, logprobs, ...timings }));
    } else if (event.type === 'finish') {
      yield dataFrame(chosenFields(await finalCompletion(frame, '', state.start, event), fields));
    }
  }
}
