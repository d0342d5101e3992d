export * from './backend.js';
export { Engine } from './engine.js';
export * from './events.js';
export type { LoadedDraft, LoadedModels } from './load.js';
export type { LoadedModel } from './loaded-model.js';
export type { EngineOptions } from './options.js';
export { DRAFTER_KINDS, type DrafterKind, type DraftOptions, type GenerationRequest, type Prompt } from './request.js';
export type { RowClass } from './row-class.js';
export * from './service.js';
