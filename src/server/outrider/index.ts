/** Our own routes: what no other server has a name for. */
import type { Dialect, ServerContext } from '../dialect.js';
import { encodeFailure, errorSchema } from '../openai-errors.js';
import type { Route } from '../route.js';
import { compareModels } from './compare.js';
import { compareAnswerSchema, compareMessageSchema } from './compare-messages.js';
import { compareSchema } from './compare-request.js';
import { costsSchema, pairOf, pairSchema, statusOf, statusSchema } from './engine-state.js';
import { generate } from './generate.js';
import { messageSchema } from './generate-messages.js';
import { generateSchema } from './generate-request.js';
import { rounds, roundsMessageSchema } from './rounds.js';

const PREFIX = '/api/outrider/';

export const outrider: Dialect = {
  name: 'outrider',
  owns: (path) => path.startsWith(PREFIX),
  routes,
  absent: [],
  encodeFailure,
  errors: errorSchema,
};

function routes(server: ServerContext): readonly Route[] {
  return [
    {
      method: 'get',
      paths: [`${PREFIX}status`],
      summary: 'State of the engine, its queue and its slots.',
      answer: { json: statusSchema },
      handle: async (context) => context.json(await statusOf(server)),
    },
    {
      method: 'get',
      paths: [`${PREFIX}pair`],
      summary: 'The target and its drafts, and how their vocabularies compare.',
      answer: { json: pairSchema },
      handle: (context) => context.json(pairOf(server)),
    },
    {
      method: 'get',
      paths: [`${PREFIX}costs`],
      summary: 'What passes of each model take, by their rows, in milliseconds.',
      answer: { json: costsSchema },
      handle: async (context) => context.json(await server.service.passCosts()),
    },
    {
      method: 'get',
      paths: [`${PREFIX}rounds`],
      summary: 'The rounds of all requests, live.',
      answer: { events: roundsMessageSchema },
      handle: (context) => rounds(context, server),
    },
    {
      method: 'post',
      paths: [`${PREFIX}generate`],
      summary: 'Answer with the events of the generation, token by token.',
      body: generateSchema,
      answer: { events: messageSchema },
      handle: (context) => generate(context, server),
    },
    {
      method: 'post',
      paths: [`${PREFIX}compare`],
      summary: 'Both models answer, and the target judges what the draft model wrote.',
      body: compareSchema,
      answer: { json: compareAnswerSchema, events: compareMessageSchema },
      handle: (context) => compareModels(context, server),
    },
  ];
}
