/** OpenAI's routes, with and without `/v1` where no other dialect has the name. */
import { chatSchema } from '../chat-request.js';
import { completionSchema } from '../completion-request.js';
import type { Dialect, ServerContext } from '../dialect.js';
import { encodeFailure, errorSchema } from '../openai-errors.js';
import type { Route } from '../route.js';
import { chatAnswerSchema, chatCompletions } from './chat.js';
import { chatChunkSchema } from './chat-stream.js';
import { completionAnswerSchema, completionChunkSchema, completions } from './completions.js';
import { countAnswerSchema, countSchema, countTokens } from './count-tokens.js';
import { listModels, modelListSchema, modelSchema, retrieveModel } from './models.js';

export const openai: Dialect = {
  name: 'openai',
  owns: (path) => path.startsWith('/v1/') || path.startsWith('/chat/completions') || path === '/models',
  routes,
  absent: [
    '/v1/embeddings',
    '/embeddings',
    '/v1/responses',
    '/v1/messages',
    '/v1/fim/completions',
    '/v1/rerank',
    '/v1/audio/transcriptions',
    '/v1/audio/speech',
    '/v1/images/generations',
    '/v1/moderations',
  ],
  encodeFailure,
  errors: errorSchema,
};

function routes(server: ServerContext): readonly Route[] {
  const created = Math.floor(server.clock() / 1000);
  return [
    {
      method: 'post',
      paths: ['/v1/chat/completions', '/chat/completions'],
      summary: 'Answer a chat.',
      body: chatSchema,
      answer: { json: chatAnswerSchema, events: chatChunkSchema },
      handle: (context) => chatCompletions(context, server),
    },
    {
      method: 'post',
      paths: ['/v1/chat/completions/input_tokens', '/chat/completions/input_tokens'],
      summary: 'How many tokens a chat has as a prompt.',
      body: countSchema,
      answer: { json: countAnswerSchema },
      handle: (context) => countTokens(context, server),
    },
    {
      method: 'post',
      // `/completions` is llama-server's own route.
      paths: ['/v1/completions'],
      summary: 'Continue texts.',
      body: completionSchema,
      answer: { json: completionAnswerSchema, events: completionChunkSchema },
      handle: (context) => completions(context, server),
    },
    {
      method: 'get',
      paths: ['/v1/models', '/models'],
      summary: 'The names by which models can be asked for.',
      answer: { json: modelListSchema },
      handle: (context) => listModels(context, server, created),
    },
    {
      method: 'get',
      // A name may have slashes in it.
      paths: ['/v1/models/:id{.+}', '/models/:id{.+}'],
      summary: 'One of these names.',
      answer: { json: modelSchema },
      handle: (context) => retrieveModel(context, server, created),
    },
  ];
}
