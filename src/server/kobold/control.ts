/** What front ends ask about a generation that runs, by its key: how far it is, to end it, its log-probabilities. */
import { z } from 'zod';
import { parseWith, readJson } from '../body.js';
import type { ServerContext, ServerRequest } from '../dialect.js';
import { listOf } from '../engine-schemas.js';
import { expected, stringField } from '../fields.js';
import { completionLogprobs, completionLogprobsSchema } from '../logprobs.js';
import type { RunningGenerations } from './running.js';

export const keySchema = z.looseObject({ genkey: stringField }, { error: expected('a JSON object') });

export const checkedSchema = z.object({ results: listOf(z.object({ text: z.string() })) });
export const abortedSchema = z.object({ success: z.literal('true'), done: z.literal('true') });
export const lastLogprobsSchema = z.object({ logprobs: completionLogprobsSchema.nullable() });

/** GET, or POST with the key. */
export async function check(
  context: ServerRequest,
  server: ServerContext,
  running: RunningGenerations,
): Promise<Response> {
  const text = running.textOf(await genkeyOf(context, server));
  return context.json<z.output<typeof checkedSchema>>({ results: [{ text }] });
}

/** KoboldCpp writes its booleans as texts here. */
export async function abort(
  context: ServerRequest,
  server: ServerContext,
  running: RunningGenerations,
): Promise<Response> {
  running.abort(await genkeyOf(context, server));
  return context.json<z.output<typeof abortedSchema>>({ success: 'true', done: 'true' });
}

export async function lastLogprobs(
  context: ServerRequest,
  server: ServerContext,
  running: RunningGenerations,
): Promise<Response> {
  const logprobs = running.lastLogprobs(await genkeyOf(context, server));
  return context.json<z.output<typeof lastLogprobsSchema>>({
    logprobs: logprobs.length > 0 ? completionLogprobs(logprobs, 0) : null,
  });
}

/** SillyTavern posts no body at all. */
async function genkeyOf(context: ServerRequest, { settings }: ServerContext): Promise<string> {
  const body = await readJson(context.req.raw, settings.bodyLimitBytes);
  return parseWith(keySchema, body ?? {}).genkey ?? '';
}
