/** POST /v1/completions. */
import { z } from 'zod';
import { merged } from '../../engine/merged.js';
import { parseWith, readJson } from '../body.js';
import { openCall } from '../call.js';
import { beginChoices, type Choice, type CollectedChoice, collectChoices } from '../choices.js';
import { type CompletionPlan, completionSchema, planCompletions } from '../completion-request.js';
import type { ServerContext, ServerRequest } from '../dialect.js';
import { count, listOf } from '../engine-schemas.js';
import { completionLogprobs, completionLogprobsSchema } from '../logprobs.js';
import { modelNamed } from '../model-names.js';
import { errorFrame } from '../openai-errors.js';
import { outriderSchema, type ReportedEvents } from '../report.js';
import { dataFrame, eventStream } from '../sse.js';
import { AnswerProgress, llamaTimingsSchema, promptProgressSchema } from '../timings.js';
import { refuseUnsupported, refuseUnsupportedByKobold } from '../unsupported.js';
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
import { envelopeOf } from './envelope.js';
import { type StreamWishes, streamWishes } from './stream-wishes.js';

export async function completions(context: ServerRequest, server: ServerContext): Promise<Response> {
  const json = await readJson(context.req.raw, server.settings.bodyLimitBytes);
  refuseUnsupported(json);
  // SillyTavern asks for KoboldCpp's answers here.
  refuseUnsupportedByKobold(json);
  const body = parseWith(completionSchema, json);
  const model = modelNamed(server.service.description, body.model, server.settings.mode);
  const plan = await planCompletions(body, model, server.service);
  const { call, abort } = openCall(context, 'openai');
  const choices = await beginChoices(plan.requests, server, call, abort);
  const envelope = envelopeOf(context, server, model, 'cmpl');
  if (!body.stream) return context.json(answer(await collectChoices(choices, abort), envelope, plan));
  const streamed: Streamed = { choices, envelope, plan, wishes: streamWishes(body), now: server.now };
  return eventStream(frames(streamed, abort), {
    heartbeatMs: server.settings.heartbeatMs,
    abort,
    errorFrame: errorFrame(server.log, call.requestId),
  });
}

const choiceSchema = z.object({
  index: count,
  text: z.string(),
  logprobs: completionLogprobsSchema.nullable(),
  finish_reason: finishReasonSchema,
  outrider: outriderSchema.optional(),
});

export const completionAnswerSchema = z.object({
  ...envelopeFields,
  object: z.literal('text_completion'),
  choices: listOf(choiceSchema),
  usage: usageSchema,
  ...reportFields,
});

function answer(
  collected: readonly CollectedChoice[],
  envelope: Envelope,
  { n, echoes }: CompletionPlan,
): z.output<typeof completionAnswerSchema> {
  const choices = collected.map((choice, index) => ({
    index,
    text: echoes[index] + choice.pieces.join(''),
    logprobs: choice.logprobs.length > 0 ? completionLogprobs(choice.logprobs, 0) : null,
    finish_reason: finishReason(choice.finish.reason),
    ...(collected.length > 1 && { outrider: reportOf(choice).outrider }),
  }));
  const finishes = collected.map(({ finish }) => finish);
  const usage = usageOf(finishes, n, 0);
  return { ...envelope, object: 'text_completion', choices, usage, ...reportOf(collected[0]!) };
}

const chunkChoiceSchema = choiceSchema
  .omit({ outrider: true })
  .extend({ finish_reason: finishReasonSchema.nullable() });
type ChunkChoice = z.output<typeof chunkChoiceSchema>;

/** One event of a stream, before `[DONE]`. */
export const completionChunkSchema = z.object({
  ...envelopeFields,
  object: z.literal('text_completion'),
  choices: listOf(chunkChoiceSchema),
  usage: usageSchema.optional(),
  timings: llamaTimingsSchema.optional(),
  outrider: outriderSchema.optional(),
  prompt_progress: promptProgressSchema.optional(),
});
type Chunk = z.output<typeof completionChunkSchema>;

interface Streamed {
  readonly choices: readonly Choice[];
  readonly envelope: Envelope;
  readonly plan: CompletionPlan;
  readonly wishes: StreamWishes;
  readonly now: () => number;
}

interface ChoiceState {
  readonly progress: AnswerProgress;
  /** Characters of text so far. */
  offset: number;
  ends: Partial<ReportedEvents>;
}

async function* frames(
  { choices, envelope, plan: { n, echoes }, wishes, now }: Streamed,
  abort: AbortController,
): AsyncGenerator<string, void, void> {
  const frame = (choices: readonly ChunkChoice[], top: Partial<Chunk> = {}): string => {
    const chunk: Chunk = { ...envelope, object: 'text_completion', choices, ...top };
    return dataFrame(chunk);
  };
  const states = choices.map((): ChoiceState => ({ progress: new AnswerProgress(now), offset: 0, ends: {} }));
  for await (const { index, value: event } of merged(choices, abort)) {
    const state = states[index]!;
    const piece: ChunkChoice = { index, text: '', logprobs: null, finish_reason: null };
    const progress = state.progress.add(event);
    if (wishes.progress) for (const prompt_progress of progress) yield frame([piece], { prompt_progress });
    if (event.type === 'start') {
      state.ends = { start: event };
      if (echoes[index] !== '') yield frame([{ ...piece, text: echoes[index]! }]);
    } else if (event.type === 'text') {
      const logprobs = event.logprobs === undefined ? null : completionLogprobs(event.logprobs, state.offset);
      state.offset += event.text.length;
      const timings = wishes.timings ? { timings: state.progress.timings } : {};
      yield frame([{ ...piece, text: event.text, logprobs }], timings);
    } else if (event.type === 'finish') {
      const report = reportOf({ start: state.ends.start, finish: event });
      state.ends = { ...state.ends, finish: event };
      yield frame([{ ...piece, finish_reason: finishReason(event.reason) }], report);
    }
  }
  const finishes = states.flatMap(({ ends }) => ends.finish ?? []);
  if (wishes.usage) yield frame([], { usage: usageOf(finishes, n, 0) });
  yield 'data: [DONE]\n\n';
}
