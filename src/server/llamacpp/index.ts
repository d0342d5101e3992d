/** llama-server's own routes. Its error bodies are those of OpenAI's dialect with two counts, which that one writes. */
import type { Dialect, ServerContext } from '../dialect.js';
import { encodeFailure, errorSchema } from '../openai-errors.js';
import type { Route } from '../route.js';
import { completion, completionAnswerSchema, completionEventSchema } from './completion.js';
import { completionSchema } from './completion-request.js';
import { properties, propertiesSchema, slots, slotsSchema } from './properties.js';
import {
  applyTemplate,
  contentSchema,
  detokenize,
  detokenizeSchema,
  promptSchema,
  templateSchema,
  tokenize,
  tokenizeSchema,
  tokensSchema,
} from './vocabulary.js';

const ABSENT = ['/infill', '/embedding', '/rerank', '/reranking'];

const PATHS: ReadonlySet<string> = new Set([
  '/completion',
  '/completions',
  '/tokenize',
  '/detokenize',
  '/apply-template',
  '/props',
  '/slots',
  ...ABSENT,
]);

export const llamacpp: Dialect = {
  name: 'llama.cpp',
  owns: (path) => PATHS.has(path),
  routes,
  absent: ABSENT,
  encodeFailure,
  errors: errorSchema,
};

function routes(server: ServerContext): readonly Route[] {
  return [
    {
      method: 'post',
      paths: ['/completion', '/completions'],
      summary: 'Continue texts, as llama-server does.',
      body: completionSchema,
      answer: { json: completionAnswerSchema, events: completionEventSchema },
      handle: (context) => completion(context, server),
    },
    {
      method: 'post',
      paths: ['/tokenize'],
      summary: 'The tokens of a text.',
      body: tokenizeSchema,
      answer: { json: tokensSchema },
      handle: (context) => tokenize(context, server),
    },
    {
      method: 'post',
      paths: ['/detokenize'],
      summary: 'The text of tokens.',
      body: detokenizeSchema,
      answer: { json: contentSchema },
      handle: (context) => detokenize(context, server),
    },
    {
      method: 'post',
      paths: ['/apply-template'],
      summary: 'A chat as the prompt that the model sees.',
      body: templateSchema,
      answer: { json: promptSchema },
      handle: (context) => applyTemplate(context, server),
    },
    {
      method: 'get',
      paths: ['/props'],
      summary: 'What is loaded, as llama-server tells it.',
      answer: { json: propertiesSchema },
      handle: (context) => properties(context, server),
    },
    {
      method: 'get',
      paths: ['/slots'],
      summary: 'What each slot does.',
      answer: { json: slotsSchema },
      handle: (context) => slots(context, server),
    },
  ];
}
