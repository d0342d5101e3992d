/** OpenAI's routes, with and without `/v1` where no other dialect has the name. */
import type { Dialect, ServerContext, ServerRequest } from '../dialect.js';
import { Failure } from '../failure.js';
import { encodeFailure } from '../openai-errors.js';
import { chatCompletions } from './chat.js';
import { completions } from './completions.js';
import { listModels, retrieveModel } from './models.js';

/** Whole endpoints of OpenAI that clients try and this server does not have. */
const ABSENT = ['/v1/embeddings', '/embeddings', '/v1/responses', '/v1/audio/transcriptions', '/v1/images/generations'];

type Handler = (context: ServerRequest, server: ServerContext) => Response | Promise<Response>;

export const openai: Dialect = {
  name: 'openai',
  owns: (path) => path.startsWith('/v1/') || path === '/chat/completions' || path === '/models',
  isPublic: () => false,
  encodeFailure,
  mount(app, server) {
    const post = (path: string, handler: Handler) => app.post(path, (context) => handler(context, server));
    post('/v1/chat/completions', chatCompletions);
    post('/chat/completions', chatCompletions);
    // `/completions` is llama-server's own route.
    post('/v1/completions', completions);
    const created = Math.floor(server.clock() / 1000);
    for (const path of ['/v1/models', '/models']) {
      app.get(path, (context) => listModels(context, server, created));
      app.get(`${path}/:id{.+}`, (context) => retrieveModel(context, server, created));
    }
    for (const path of ABSENT) {
      app.post(path, () => {
        throw new Failure('not_supported', `this server has no ${path}`);
      });
    }
  },
};
