/** POST /tokenize, /detokenize, /apply-template: texts, tokens and chats as the target's file understands them. */
import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { parseWith, readJson } from '../body.js';
import { chatOf, messagesField, templateFields } from '../chat-fields.js';
import type { ServerContext, ServerRequest } from '../dialect.js';
import { listOf, token } from '../engine-schemas.js';
import { Failure } from '../failure.js';
import { booleanField, expected, stringField } from '../fields.js';
import { refuseUnsupported } from '../unsupported.js';

const object = { error: expected('a JSON object') };

export const tokenizeSchema = z.looseObject(
  { content: stringField, add_special: booleanField, parse_special: booleanField, with_pieces: booleanField },
  object,
);
export const detokenizeSchema = z.looseObject(
  { tokens: z.array(z.number().int().min(0), { error: expected('a list of tokens') }) },
  object,
);
export const templateSchema = z.looseObject({ messages: messagesField, ...templateFields }, object);

/** With pieces: the text of each, or its bytes where it ends within a character. */
export const tokensSchema = z.object({
  tokens: listOf(z.union([token, z.object({ id: token, piece: z.union([z.string(), listOf(z.int())]) })])),
});
type Tokens = z.output<typeof tokensSchema>;

export const contentSchema = z.object({ content: z.string() });
export const promptSchema = z.object({ prompt: z.string() });

export async function tokenize(context: ServerRequest, { service, settings }: ServerContext): Promise<Response> {
  const body = parseWith(tokenizeSchema, await readJson(context.req.raw, settings.bodyLimitBytes));
  const { content = '', add_special = false, parse_special = true, with_pieces = false } = body;
  const { tokens } = await service.tokenize(
    { text: content },
    { addSpecial: add_special, parseSpecial: parse_special },
  );
  if (!with_pieces) return context.json<Tokens>({ tokens });
  const pieces = await service.pieces(tokens, true);
  return context.json<Tokens>({ tokens: tokens.map((id, index) => ({ id, piece: pieceOf(pieces[index]!) })) });
}

/** Text, or bytes where a token ends within a character. */
function pieceOf(bytes: Uint8Array): string | readonly number[] {
  return isUtf8(bytes) ? Buffer.from(bytes).toString('utf8') : [...bytes];
}

export async function detokenize(context: ServerRequest, { service, settings }: ServerContext): Promise<Response> {
  const { tokens } = parseWith(detokenizeSchema, await readJson(context.req.raw, settings.bodyLimitBytes));
  const { vocabularySize } = service.description.target;
  const unknown = tokens.find((token) => token >= vocabularySize);
  if (unknown !== undefined) {
    throw new Failure('invalid_request', `tokens: expected tokens below ${vocabularySize}, got ${unknown}`, {
      parameter: 'tokens',
    });
  }
  const bytes = Buffer.concat(await service.pieces(tokens, true));
  return context.json<z.output<typeof contentSchema>>({ content: bytes.toString('utf8') });
}

export async function applyTemplate(context: ServerRequest, { service, settings }: ServerContext): Promise<Response> {
  const json = await readJson(context.req.raw, settings.bodyLimitBytes);
  refuseUnsupported(json);
  const body = parseWith(templateSchema, json);
  return context.json<z.output<typeof promptSchema>>({ prompt: await service.render(chatOf(body)) });
}
