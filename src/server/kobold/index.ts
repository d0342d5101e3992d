/** KoboldCpp's routes, for KoboldAI Lite and SillyTavern. */
import type { Dialect, ServerContext } from '../dialect.js';
import type { Route } from '../route.js';
import { abort, abortedSchema, check, checkedSchema, keySchema, lastLogprobs, lastLogprobsSchema } from './control.js';
import { encodeFailure, errorSchema } from './errors.js';
import { generate, generatedSchema, generateStream, streamedSchema } from './generate.js';
import { generateSchema } from './generate-request.js';
import { informationRoutes } from './information.js';
import { isKobold, pathsOf, withoutPrefix } from './paths.js';
import { Performance, performanceSchema } from './performance.js';
import { RunningGenerations } from './running.js';
import { countedSchema, countSchema, countTokens, detokenize, detokenizedSchema, idsSchema } from './tokens.js';

export const kobold: Dialect = {
  name: 'kobold',
  owns: isKobold,
  withoutPrefix,
  routes: (server) => [...informationRoutes(server), ...generationRoutes(server), ...tokenRoutes(server)],
  absent: ['/api/extra/embeddings', '/api/extra/json_to_grammar'],
  encodeFailure,
  errors: errorSchema,
};

function generationRoutes(server: ServerContext): readonly Route[] {
  const running = new RunningGenerations(server.activity);
  const performance = new Performance(server.now);
  server.activity.listen(performance);
  return [
    {
      method: 'post',
      paths: pathsOf('/api/v1/generate'),
      summary: 'Continue a text, as KoboldCpp does.',
      body: generateSchema,
      answer: { json: generatedSchema },
      handle: (context) => generate(context, server, running),
    },
    {
      method: 'post',
      paths: ['/api/extra/generate/stream'],
      summary: 'Continue a text, token by token.',
      body: generateSchema,
      answer: { events: streamedSchema },
      handle: (context) => generateStream(context, server, running),
    },
    ...(['get', 'post'] as const).flatMap((method): readonly Route[] => [
      {
        method,
        paths: ['/api/extra/generate/check'],
        summary: 'The text so far of the generation that runs.',
        ...(method === 'post' && { body: keySchema }),
        answer: { json: checkedSchema },
        handle: (context) => check(context, server, running),
      },
      {
        method,
        paths: ['/api/extra/last_logprobs'],
        summary: 'The log-probabilities of the last generation that asked for them.',
        ...(method === 'post' && { body: keySchema }),
        answer: { json: lastLogprobsSchema },
        handle: (context) => lastLogprobs(context, server, running),
      },
    ]),
    {
      method: 'post',
      paths: ['/api/extra/abort'],
      summary: 'End what is generated under a key.',
      body: keySchema,
      answer: { json: abortedSchema },
      handle: (context) => abort(context, server, running),
    },
    {
      method: 'get',
      paths: ['/api/extra/perf'],
      summary: 'What the last generation took.',
      answer: { json: performanceSchema },
      handle: async (context) => context.json(await performance.report(server)),
    },
  ];
}

function tokenRoutes(server: ServerContext): readonly Route[] {
  return [
    {
      method: 'post',
      paths: ['/api/extra/tokencount'],
      summary: 'The tokens of a text.',
      body: countSchema,
      answer: { json: countedSchema },
      handle: (context) => countTokens(context, server),
    },
    {
      method: 'post',
      paths: ['/api/extra/detokenize'],
      summary: 'The text of tokens.',
      body: idsSchema,
      answer: { json: detokenizedSchema },
      handle: (context) => detokenize(context, server),
    },
  ];
}
