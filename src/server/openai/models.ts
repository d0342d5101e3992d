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
  /** Other names and labels; there are none. */
  aliases: listOf(z.string()),
  tags: listOf(z.string()),
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

/** The same name as llama-server tells it to Ollama's clients. What neither of them knows is an empty text. */
const namedModelSchema = z.object({
  name: z.string(),
  model: z.string(),
  modified_at: z.string(),
  size: z.string(),
  digest: z.string(),
  type: z.literal('model'),
  description: z.string(),
  tags: listOf(z.string()),
  capabilities: listOf(z.literal('completion')),
  parameters: z.string(),
  details: z.object({
    parent_model: z.string(),
    format: z.literal('gguf'),
    family: z.string(),
    families: listOf(z.string()),
    parameter_size: z.string(),
    quantization_level: z.string(),
  }),
});

export const modelListSchema = z.object({
  object: z.literal('list'),
  data: listOf(modelSchema),
  models: listOf(namedModelSchema),
});

/** GET /v1/models. `created` is in seconds since 1970. */
export function listModels(context: ServerRequest, { service, settings }: ServerContext, created: number): Response {
  const { description } = service;
  const names = modelNames(description, settings.mode);
  const list: z.output<typeof modelListSchema> = {
    object: 'list',
    data: names.map((name) => entry(name, description, created)),
    models: names.map(namedModel),
  };
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
  const labels = { aliases: [], tags: [] };
  return { id, object: 'model', created, owned_by: 'outrider', ...labels, meta, outrider: { mode, description } };
}

function namedModel({ id, description }: ModelName): z.output<typeof namedModelSchema> {
  const unknown = { modified_at: '', size: '', digest: '', parameters: '' };
  const details = { parent_model: '', family: '', families: [''], parameter_size: '', quantization_level: '' };
  return {
    ...unknown,
    name: id,
    model: id,
    type: 'model',
    description,
    tags: [''],
    capabilities: ['completion'],
    details: { ...details, format: 'gguf' },
  };
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
