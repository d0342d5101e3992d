/** POST /v1/chat/completions/input_tokens: how many tokens a chat has as a prompt. */
import { z } from 'zod';
import { parseWith, readJson } from '../body.js';
import { chatOf, messagesField, templateFields } from '../chat-fields.js';
import type { ServerContext, ServerRequest } from '../dialect.js';
import { count } from '../engine-schemas.js';
import { expected } from '../fields.js';
import { refuseUnsupported } from '../unsupported.js';

export const countSchema = z.looseObject(
  { messages: messagesField, ...templateFields },
  { error: expected('a JSON object') },
);

export const countAnswerSchema = z.object({ input_tokens: count });

export async function countTokens(context: ServerRequest, { service, settings }: ServerContext): Promise<Response> {
  const json = await readJson(context.req.raw, settings.bodyLimitBytes);
  refuseUnsupported(json);
  const body = parseWith(countSchema, json);
  const { tokens } = await service.tokenize(chatOf(body));
  const answer: z.output<typeof countAnswerSchema> = { input_tokens: tokens.length };
  return context.json(answer);
}
