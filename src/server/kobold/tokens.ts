/** POST /api/extra/tokencount and /api/extra/detokenize. */
import { z } from 'zod';
import { parseWith, readJson } from '../body.js';
import type { ServerContext, ServerRequest } from '../dialect.js';
import { count, listOf, token } from '../engine-schemas.js';
import { booleanField, expected } from '../fields.js';

export const countSchema = z.looseObject(
  { prompt: z.string({ error: expected('a string') }), special: booleanField },
  { error: expected('a JSON object') },
);

export const idsSchema = z.looseObject(
  { ids: z.array(z.number().int().min(0), { error: expected('a list of token ids') }) },
  { error: expected('a JSON object') },
);

export const countedSchema = z.object({ value: count, ids: listOf(token) });
export const detokenizedSchema = z.object({ result: z.string(), success: z.boolean() });

/** `special`, default true: with begin-of-text as the model wants it. */
export async function countTokens(context: ServerRequest, { service, settings }: ServerContext): Promise<Response> {
  const { prompt, special = true } = parseWith(countSchema, await readJson(context.req.raw, settings.bodyLimitBytes));
  const { tokens } = await service.tokenize({ text: prompt }, { addSpecial: special, parseSpecial: true });
  return context.json<z.output<typeof countedSchema>>({ value: tokens.length, ids: tokens });
}

export async function detokenize(context: ServerRequest, { service, settings }: ServerContext): Promise<Response> {
  const { ids } = parseWith(idsSchema, await readJson(context.req.raw, settings.bodyLimitBytes));
  const pieces = await service.pieces(ids, true);
  const result = Buffer.concat(pieces).toString('utf8');
  return context.json<z.output<typeof detokenizedSchema>>({ result, success: true });
}
