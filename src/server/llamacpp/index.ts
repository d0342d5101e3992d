/** llama-server's own routes. Its error bodies are those of OpenAI's dialect with two counts, which that one writes. */
import type { Dialect, ServerContext, ServerRequest } from '../dialect.js';
import { Failure } from '../failure.js';
import { encodeFailure } from '../openai-errors.js';
import { completion } from './completion.js';
import { properties, slots } from './properties.js';
import { applyTemplate, detokenize, tokenize } from './vocabulary.js';

type Handler = (context: ServerRequest, server: ServerContext) => Response | Promise<Response>;

const POST: Readonly<Record<string, Handler>> = {
  '/completion': completion,
  '/completions': completion,
  '/tokenize': tokenize,
  '/detokenize': detokenize,
  '/apply-template': applyTemplate,
};

const GET: Readonly<Record<string, Handler>> = { '/props': properties, '/slots': slots };

/** What llama-server answers and this server does not. */
const ABSENT = ['/infill', '/embedding', '/rerank', '/reranking'];

const PATHS: ReadonlySet<string> = new Set([...Object.keys(POST), ...Object.keys(GET), ...ABSENT]);

export const llamacpp: Dialect = {
  name: 'llama.cpp',
  owns: (path) => PATHS.has(path),
  isPublic: () => false,
  encodeFailure,
  mount(app, server) {
    for (const [path, handler] of Object.entries(POST)) app.post(path, (context) => handler(context, server));
    for (const [path, handler] of Object.entries(GET)) app.get(path, (context) => handler(context, server));
    for (const path of ABSENT) {
      app.post(path, () => {
        throw new Failure('not_supported', `this server has no ${path}`);
      });
    }
  },
};
