/** POST /api/v1/generate and /api/extra/generate/stream. */
import { z } from 'zod';
import type { FinishEvent, StartEvent, TokenLogprob } from '../../engine/events.js';
import type { ServedEvent } from '../activity.js';
import { parseWith, readJson } from '../body.js';
import { openCall } from '../call.js';
import type { ServerContext, ServerRequest } from '../dialect.js';
import { count, listOf } from '../engine-schemas.js';
import { completionLogprobs, completionLogprobsSchema } from '../logprobs.js';
import { outriderReport, outriderSchema } from '../report.js';
import { begun, eventStream, messageFrame } from '../sse.js';
import { refuseUnsupportedByKobold } from '../unsupported.js';
import { errorFrame } from './errors.js';
import { generateRequest, generateSchema } from './generate-request.js';
import type { RunningGenerations } from './running.js';

/** Clients give up on headers that do not come; a request that was not refused by then is taken for good. */
const HEADERS_WITHIN_MS = 1_000;

const finishReasonSchema = z.enum(['stop', 'length']);

const resultSchema = z.object({
  text: z.string(),
  finish_reason: finishReasonSchema,
  logprobs: completionLogprobsSchema.nullable(),
  prompt_tokens: count,
  completion_tokens: count,
  tool_calls: listOf(z.never()),
  outrider: outriderSchema,
});

export const generatedSchema = z.object({ results: listOf(resultSchema) });

/** One event of a stream. */
export const streamedSchema = z.object({
  token: z.string(),
  finish_reason: finishReasonSchema.nullable(),
  outrider: outriderSchema.optional(),
});

interface Opened {
  readonly events: AsyncGenerator<ServedEvent, void, void>;
  readonly abort: AbortController;
  readonly requestId: string;
  readonly trimStop: boolean;
}

async function open(context: ServerRequest, server: ServerContext, running: RunningGenerations): Promise<Opened> {
  const body = parseWith(generateSchema, await readJson(context.req.raw, server.settings.bodyLimitBytes));
  refuseUnsupportedByKobold(body);
  const { call, abort } = openCall(context, 'kobold');
  const owner = { genkey: body.genkey ?? '', call, abort };
  const events = running.run(owner, () => generateRequest(body, server.service, server.settings.mode));
  return { events, abort, requestId: call.requestId, trimStop: body.trim_stop ?? true };
}

export async function generate(
  context: ServerRequest,
  server: ServerContext,
  running: RunningGenerations,
): Promise<Response> {
  const { events, trimStop } = await open(context, server, running);
  let text = '';
  let start: StartEvent | undefined;
  let finish: FinishEvent | undefined;
  const logprobs: TokenLogprob[] = [];
  for await (const event of events) {
    if (event.type === 'text') {
      text += event.text;
      logprobs.push(...(event.logprobs ?? []));
    } else if (event.type === 'start') start = event;
    else if (event.type === 'finish') finish = event;
  }
  if (finish === undefined) throw new Error('a generation ended without a finish event');
  const result: z.output<typeof resultSchema> = {
    text: text + stopShown(finish, trimStop),
    finish_reason: finishReason(finish),
    logprobs: logprobs.length > 0 ? completionLogprobs(logprobs, 0) : null,
    prompt_tokens: finish.promptTokens,
    completion_tokens: finish.completionTokens,
    tool_calls: [],
    outrider: outriderReport({ start, finish }),
  };
  return context.json<z.output<typeof generatedSchema>>({ results: [result] });
}

export async function generateStream(
  context: ServerRequest,
  server: ServerContext,
  running: RunningGenerations,
): Promise<Response> {
  const { events, abort, requestId, trimStop } = await open(context, server, running);
  return eventStream(frames(await begun(events, HEADERS_WITHIN_MS), trimStop), {
    heartbeatMs: server.settings.heartbeatMs,
    abort,
    errorFrame: errorFrame(server.log, requestId),
  });
}

async function* frames(
  events: AsyncGenerator<ServedEvent, void, void>,
  trimStop: boolean,
): AsyncGenerator<string, void, void> {
  const frame = (message: z.output<typeof streamedSchema>): string => messageFrame(message);
  let start: StartEvent | undefined;
  for await (const event of events) {
    if (event.type === 'start') start = event;
    if (event.type === 'text' && event.text !== '') yield frame({ token: event.text, finish_reason: null });
    if (event.type !== 'finish') continue;
    const stop = stopShown(event, trimStop);
    if (stop !== '') yield frame({ token: stop, finish_reason: null });
    const outrider = outriderReport({ start, finish: event });
    yield frame({ token: '', finish_reason: finishReason(event), outrider });
  }
}

/** The stop string that ended the text, for those who do not want it trimmed. */
function stopShown({ stop = '' }: FinishEvent, trimStop: boolean): string {
  return trimStop ? '' : stop;
}

/** KoboldCpp knows two; a generation that was taken back ends with `stop`. */
function finishReason({ reason }: FinishEvent): z.output<typeof finishReasonSchema> {
  return reason === 'length' ? 'length' : 'stop';
}
