/** What front ends ask about a generation that runs, by its key: how far it is, to end it, its log-probabilities. */
import { z } from 'zod';
import { parseWith, readJson } from '../body.js';
import type { ServerContext, ServerRequest } from '../dialect.js';
import { expected, stringField } from '../fields.js';
import { completionLogprobs } from '../logprobs.js';
import type { RunningGenerations } from './running.js';

const schema = z.looseObject({ genkey: stringField }, { error: expected('a JSON object') });

/** GET, or POST with the key. */
export async function check(
  context: ServerRequest,
  server: ServerContext,
  running: RunningGenerations,
): Promise<Response> {
  return context.json({ results: [{ text: running.textOf(await genkeyOf(context, server)) }] });
}

/** KoboldCpp writes its booleans as texts here. */
export async function abort(
  context: ServerRequest,
  server: ServerContext,
  running: RunningGenerations,
): Promise<Response> {
  running.abort(await genkeyOf(context, server));
  return context.json({ success: 'true', done: 'true' });
}

export async function lastLogprobs(
  context: ServerRequest,
  server: ServerContext,
  running: RunningGenerations,
): Promise<Response> {
  const logprobs = running.lastLogprobs(await genkeyOf(context, server));
  return context.json({ logprobs: logprobs.length > 0 ? completionLogprobs(logprobs, 0) : null });
}

/** SillyTavern posts no body at all. */
async function genkeyOf(context: ServerRequest, { settings }: ServerContext): Promise<string> {
  const body = await readJson(context.req.raw, settings.bodyLimitBytes);
  return parseWith(schema, body ?? {}).genkey ?? '';
}
