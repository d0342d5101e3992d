import type { EngineDescription, ModelDescription } from '../../engine/service.js';
import type { ServerContext, ServerRequest } from '../dialect.js';
import { Failure } from '../failure.js';
import { type ModelName, modelNames } from '../model-names.js';

/** GET /v1/models. `created` is in seconds since 1970. */
export function listModels(context: ServerRequest, { service, settings }: ServerContext, created: number): Response {
  const { description } = service;
  const data = modelNames(description, settings.mode).map((name) => entry(name, description, created));
  return context.json({ object: 'list', data });
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
) {
  const model = drafts.find(({ name }) => name === writer) ?? target;
  const meta = metaOf(model, contextSize);
  return { id, object: 'model', created, owned_by: 'outrider', meta, outrider: { mode, description } };
}

/** As llama-server describes a model. */
function metaOf(model: ModelDescription, contextSize: number) {
  return {
    vocab_type: model.vocabularyType,
    n_vocab: model.vocabularySize,
    n_ctx: contextSize,
    n_ctx_train: model.trainedContext,
    n_params: model.parameters,
    size: model.bytes,
  };
}
