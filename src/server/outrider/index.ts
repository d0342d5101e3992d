/** Our own routes: what no other server has a name for. */
import type { Dialect, ServerContext, ServerRequest } from '../dialect.js';
import { encodeFailure } from '../openai-errors.js';
import { compareModels } from './compare.js';
import { generate } from './generate.js';
import { openApi } from './openapi.js';
import { rounds } from './rounds.js';

const PREFIX = '/api/outrider/';

export const outrider: Dialect = {
  name: 'outrider',
  owns: (path) => path.startsWith(PREFIX),
  isPublic: () => false,
  encodeFailure,
  mount(app, server) {
    const document = openApi(server.version);
    app.get(`${PREFIX}status`, (context) => status(context, server));
    app.get(`${PREFIX}pair`, (context) => pair(context, server));
    app.get(`${PREFIX}costs`, async (context) => context.json(await server.service.passCosts()));
    app.post(`${PREFIX}generate`, (context) => generate(context, server));
    app.post(`${PREFIX}compare`, (context) => compareModels(context, server));
    app.get(`${PREFIX}rounds`, (context) => rounds(context, server));
    app.get(`${PREFIX}openapi.json`, (context) => context.json(document));
  },
};

/** `running` and `queued` are the engine's; `reason` says why it is not ready. */
async function status(context: ServerRequest, { service, version, startedAt }: ServerContext): Promise<Response> {
  return context.json({ version, startedAt, ...(await service.status()) });
}

function pair(context: ServerRequest, { service }: ServerContext): Response {
  return context.json(service.description);
}
