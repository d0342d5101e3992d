/** KoboldCpp's routes, for KoboldAI Lite and SillyTavern. */
import type { Dialect, ServerContext, ServerRequest } from '../dialect.js';
import { Failure } from '../failure.js';
import { abort, check, lastLogprobs } from './control.js';
import { encodeFailure } from './errors.js';
import { generate, generateStream } from './generate.js';
import { INFORMATION } from './information.js';
import { Performance } from './performance.js';
import { RunningGenerations } from './running.js';
import { countTokens, detokenize } from './tokens.js';

/** Whole endpoints of KoboldCpp that clients try and this server does not have. */
const ABSENT = ['/api/extra/embeddings', '/api/extra/json_to_grammar'];

const PREFIXES = ['/api/v1/', '/api/latest/', '/api/extra/', '/sdapi/'];

type Handler = (context: ServerRequest, server: ServerContext, running: RunningGenerations) => Promise<Response>;

export const kobold: Dialect = {
  name: 'kobold',
  owns: (path) => PREFIXES.some((prefix) => path.startsWith(prefix)),
  isPublic: (method, path) => method === 'GET' && Object.hasOwn(INFORMATION, path.replace('/api/latest/', '/api/v1/')),
  encodeFailure,
  mount(app, server) {
    const running = new RunningGenerations(server.activity);
    const performance = new Performance(server.now);
    server.activity.listen(performance);
    const post = (path: string, handler: Handler) => {
      for (const alias of aliases(path)) app.post(alias, (context) => handler(context, server, running));
    };
    for (const [path, answer] of Object.entries(INFORMATION)) {
      for (const alias of aliases(path)) {
        app.get(alias, (context) => context.json(answer(server, context.get('authorised')) as object));
      }
    }
    post('/api/v1/generate', generate);
    post('/api/extra/generate/stream', generateStream);
    post('/api/extra/generate/check', check);
    app.get('/api/extra/generate/check', (context) => check(context, server, running));
    post('/api/extra/abort', abort);
    post('/api/extra/last_logprobs', lastLogprobs);
    post('/api/extra/tokencount', countTokens);
    post('/api/extra/detokenize', detokenize);
    app.get('/api/extra/perf', async (context) => context.json(await performance.report(server)));
    for (const path of ABSENT) {
      post(path, async () => {
        throw new Failure('not_supported', `this server has no ${path}`);
      });
    }
  },
};

/** KoboldAI's newest interface is also called `latest`. */
function aliases(path: string): readonly string[] {
  return path.startsWith('/api/v1/') ? [path, path.replace('/api/v1/', '/api/latest/')] : [path];
}
