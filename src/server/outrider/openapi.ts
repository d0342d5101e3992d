/** GET /api/outrider/openapi.json: the routes that take JSON, from the schemas that read it. */
import { z } from 'zod';
import { completionSchema as llamaCompletion } from '../llamacpp/completion-request.js';
import { detokenizeSchema, templateSchema, tokenizeSchema } from '../llamacpp/vocabulary.js';
import { chatSchema } from '../openai/chat-request.js';
import { completionSchema } from '../openai/completion-request.js';
import { compareSchema } from './compare-request.js';
import { generateSchema } from './generate-request.js';

const BODIES: Readonly<Record<string, { readonly summary: string; readonly schema: z.ZodType }>> = {
  '/v1/chat/completions': { summary: 'Answer a chat.', schema: chatSchema },
  '/v1/completions': { summary: 'Continue texts.', schema: completionSchema },
  '/completion': { summary: 'Continue texts, as llama-server does.', schema: llamaCompletion },
  '/tokenize': { summary: 'The tokens of a text.', schema: tokenizeSchema },
  '/detokenize': { summary: 'The text of tokens.', schema: detokenizeSchema },
  '/api/outrider/generate': {
    summary: 'Answer with the events of the generation, token by token.',
    schema: generateSchema,
  },
  '/api/outrider/compare': {
    summary: 'Both models answer, and the target judges what the draft model wrote.',
    schema: compareSchema,
  },
  '/apply-template': { summary: 'A chat as the prompt that the model sees.', schema: templateSchema },
};

const READS: Readonly<Record<string, string>> = {
  '/v1/models': 'The names by which models can be asked for.',
  '/props': 'What is loaded, as llama-server tells it.',
  '/slots': 'What each slot does.',
  '/health': 'Whether the server is well.',
  '/metrics': 'Counters for Prometheus.',
  '/api/outrider/status': 'State of the engine, its queue and its slots.',
  '/api/outrider/pair': 'The target and its drafts.',
  '/api/outrider/costs': 'What passes of each model take, by their rows.',
  '/api/outrider/rounds': 'Server-sent events: the rounds of all requests, live.',
};

/** An OpenAPI 3.1 document, whose schemas are JSON Schema 2020-12. */
export function openApi(version: string) {
  const responses = { default: { description: 'docs/server.md describes the answers.' } };
  const posts = Object.entries(BODIES).map(([path, { summary, schema }]) => {
    // What is read by a function of ours has no schema; such a field is any value here.
    const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
    const requestBody = { required: true, content: { 'application/json': { schema: json } } };
    return [path, { post: { summary, requestBody, responses } }] as const;
  });
  const gets = Object.entries(READS).map(([path, summary]) => [path, { get: { summary, responses } }] as const);
  return {
    openapi: '3.1.0',
    info: { title: 'Outrider', version },
    paths: Object.fromEntries([...posts, ...gets]),
  };
}
