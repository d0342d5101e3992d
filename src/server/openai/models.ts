import { z } from 'zod';
import type { EngineDescription, ModelDescription } from '../../engine/service.js';
import type { ServerContext, ServerRequest } from '../dialect.js';
import { count, listOf, mode } from '../engine-schemas.js';
import { Failure } from '../failure.js';
import { type ModelName, modelNames } from '../model-names.js';

export const modelSchema = z.object({
  id: z.string(),
  object: z.literal('model'),
  /** Seconds since 1970. */
  created: z.int(),
  owned_by: z.string(),
  meta: z.object({
    vocab_type: z.string(),
    n_vocab: count,
    n_ctx: count,
    n_ctx_train: count,
    n_params: count,
    size: count,
  }),
  outrider: z.object({ mode, description: z.string() }),
});
type Model = z.output<typeof modelSchema>;

export const modelListSchema = z.object({ object: z.literal('list'), data: listOf(modelSchema) });

/** GET /v1/models. `created` is in seconds since 1970. */
export function listModels(context: ServerRequest, { service, settings }: ServerContext, created: number): Response {
  const { description } = service;
  const data = modelNames(description, settings.mode).map((name) => entry(name, description, created));
  const list: z.output<typeof modelListSchema> = { object: 'list', data };
  return context.json(list);
}

/** GET /v1/models/{id}. @throws Failure not_found */
export function retrieveModel(context: ServerRequest, { service, settings }: ServerContext, created: number): Response {
  const id = context.req.param('id');
  const name = modelNames(service.description, settings.mode).find((known) => known.id === id);
  if (name === undefined) throw new Failure('not_found', `there is no model '${id}' here`, { parameter: 'model' });
  return context.json(entry(name, service.description, created));
}

function entry(
  { id, mode, writer, description }: ModelName,
  { target, drafts, contextSize }: EngineDescription,
  created: number,
): Model {
  const model = drafts.find(({ name }) => name === writer) ?? target;
  const meta = metaOf(model, contextSize);
  return { id, object: 'model', created, owned_by: 'outrider', meta, outrider: { mode, description } };
}

/** As llama-server describes a model. */
function metaOf(model: ModelDescription, contextSize: number): Model['meta'] {
  return {
    vocab_type: model.vocabularyType,
    n_vocab: model.vocabularySize,
    n_ctx: contextSize,
    n_ctx_train: model.trainedContext,
    n_params: model.parameters,
    size: model.bytes,
  };
}
