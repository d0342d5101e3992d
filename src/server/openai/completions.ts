/** POST /v1/completions. */
import { merged } from '../../engine/merged.js';
import { parseWith, readJson } from '../body.js';
import { openCall } from '../call.js';
import { beginChoices, type Choice, type CollectedChoice, collectChoices } from '../choices.js';
import type { ServerContext, ServerRequest } from '../dialect.js';
import { completionLogprobs } from '../logprobs.js';
import { modelNamed } from '../model-names.js';
import { errorFrame } from '../openai-errors.js';
import type { ReportedEvents } from '../report.js';
import { dataFrame, eventStream } from '../sse.js';
import { refuseUnsupported } from '../unsupported.js';
import { type Envelope, finishReason, reportOf, usageOf } from './answer.js';
import { type CompletionPlan, completionSchema, planCompletions } from './completion-request.js';
import { envelopeOf } from './envelope.js';

export async function completions(context: ServerRequest, server: ServerContext): Promise<Response> {
  const json = await readJson(context.req.raw, server.settings.bodyLimitBytes);
  refuseUnsupported(json);
  const body = parseWith(completionSchema, json);
  const model = modelNamed(server.service.description, body.model, server.settings.mode);
  const plan = await planCompletions(body, model, server.service);
  const { call, abort } = openCall(context, 'openai');
  const choices = await beginChoices(plan.requests, server, call, abort);
  const envelope = { ...envelopeOf(context, server, model, 'cmpl'), object: 'text_completion' };
  if (!body.stream) return context.json(answer(await collectChoices(choices, abort), envelope, plan));
  const includeUsage = body.stream_options?.include_usage ?? false;
  return eventStream(frames(choices, abort, envelope, plan, includeUsage), {
    heartbeatMs: server.settings.heartbeatMs,
    abort,
    errorFrame: errorFrame(server.log, call.requestId),
  });
}

function answer(collected: readonly CollectedChoice[], envelope: Envelope, { n, echoes }: CompletionPlan) {
  const choices = collected.map((choice, index) => ({
    index,
    text: echoes[index] + choice.pieces.join(''),
    logprobs: choice.logprobs.length > 0 ? completionLogprobs(choice.logprobs, 0) : null,
    finish_reason: finishReason(choice.finish.reason),
    ...(collected.length > 1 && { outrider: reportOf(choice).outrider }),
  }));
  const finishes = collected.map(({ finish }) => finish);
  return { ...envelope, choices, usage: usageOf(finishes, n, 0), ...reportOf(collected[0]!) };
}

async function* frames(
  choices: readonly Choice[],
  abort: AbortController,
  envelope: Envelope,
  { n, echoes }: CompletionPlan,
  includeUsage: boolean,
): AsyncGenerator<string, void, void> {
  const chunk = (choice: object, top: object = {}) => dataFrame({ ...envelope, choices: [choice], ...top });
  const states = choices.map((): { offset: number; ends: Partial<ReportedEvents> } => ({ offset: 0, ends: {} }));
  for await (const { index, value: event } of merged(choices, abort)) {
    const state = states[index]!;
    if (event.type === 'start') {
      state.ends = { start: event };
      if (echoes[index] !== '') yield chunk({ index, text: echoes[index], logprobs: null, finish_reason: null });
    } else if (event.type === 'text') {
      const logprobs = event.logprobs === undefined ? null : completionLogprobs(event.logprobs, state.offset);
      state.offset += event.text.length;
      yield chunk({ index, text: event.text, logprobs, finish_reason: null });
    } else if (event.type === 'finish') {
      const report = reportOf({ start: state.ends.start, finish: event });
      state.ends = { ...state.ends, finish: event };
      yield chunk({ index, text: '', logprobs: null, finish_reason: finishReason(event.reason) }, report);
    }
  }
  const finishes = states.flatMap(({ ends }) => ends.finish ?? []);
  if (includeUsage) yield dataFrame({ ...envelope, choices: [], usage: usageOf(finishes, n, 0) });
  yield 'data: [DONE]\n\n';
}
