import type { EngineDescription, ModelDescription } from '../../engine/service.js';
import type { ServerRequest } from '../dialect.js';
import { Failure } from '../failure.js';
import { type ModelName, modelNames } from '../model-names.js';

/** GET /v1/models. `created` is in seconds since 1970. */
export function listModels(context: ServerRequest, description: EngineDescription, created: number): Response {
  const data = modelNames(description).map((name) => entry(name, description, created));
  return context.json({ object: 'list', data });
}

/** GET /v1/models/{id}. @throws Failure not_found */
export function retrieveModel(context: ServerRequest, description: EngineDescription, created: number): Response {
  const id = context.req.param('id');
  const name = modelNames(description).find((known) => known.id === id);
  if (name === undefined) throw new Failure('not_found', `there is no model '${id}' here`, { parameter: 'model' });
  return context.json(entry(name, description, created));
}

function entry({ id, mode = 'speculative' }: ModelName, description: EngineDescription, created: number) {
  const model = mode === 'draft' ? description.drafts[0]! : description.target;
  const meta = metaOf(model, description.contextSize);
  return { id, object: 'model', created, owned_by: 'outrider', meta, outrider: { mode } };
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
