import type { PairReport } from '../../models/pair.js';
import type { Token } from '../../speculative/index.js';
import type { Backend } from '../backend.js';
import type { Engine } from '../engine.js';
import type { GenerationEvent } from '../events.js';
import { QUEUE } from '../load.js';
import type { LoadedModel } from '../loaded-model.js';
import type { EngineOptions } from '../options.js';
import { type PassCosts, passCostsOf } from '../pass-costs.js';
import { renderChat, type TokenizedPrompt, tokenizeWithin } from '../prompt.js';
import { refuseStrangers } from '../refuse.js';
import type { Chat, Prompt } from '../request.js';
import type { Score, ScoreRequest } from '../score.js';
import type {
  EngineDescription,
  EngineService,
  ModelDescription,
  ServiceRequest,
  ServiceStatus,
  SlotStatus,
  TokenizeOptions,
  VocabularyFit,
} from '../service.js';

/** Tokens of a text that are counted also where the context is smaller; everybody waits while a text is tokenised. */
const COUNTED_TOKENS = 2 ** 14;

/** An engine of this process as a service. Closing the service closes the engine. */
export function localService(
  engine: Engine,
  backend: Pick<Backend, 'info' | 'devices'>,
  options: EngineOptions,
): EngineService {
  return new LocalService(engine, describe(engine, backend, options));
}

class LocalService implements EngineService {
  readonly description: EngineDescription;
  readonly #engine: Engine;
  #running = 0;
  #queued = 0;
  #closed = false;

  constructor(engine: Engine, description: EngineDescription) {
    this.#engine = engine;
    this.description = description;
  }

  async *generate(request: ServiceRequest, signal?: AbortSignal): AsyncGenerator<GenerationEvent, void, void> {
    let counted: 'nowhere' | 'queue' | 'places' = 'nowhere';
    const move = (to: typeof counted): void => {
      this.#queued += Number(to === 'queue') - Number(counted === 'queue');
      this.#running += Number(to === 'places') - Number(counted === 'places');
      counted = to;
    };
    // It may run for long before the first event: mode auto says nothing until it is known who writes.
    move('places');
    try {
      for await (const event of this.#engine.generate(request, signal)) {
        move(event.type === 'queued' ? 'queue' : 'places');
        yield event;
      }
    } finally {
      move('nowhere');
    }
  }

  async tokenize(prompt: Prompt, options?: TokenizeOptions): Promise<TokenizedPrompt> {
    if (options === undefined || !('text' in prompt)) return this.#engine.tokenize(prompt);
    const { target, contextSize } = this.#engine.models;
    const most = Math.max(contextSize, COUNTED_TOKENS);
    const tokens = tokenizeWithin(prompt.text, most, (part) => target.model.vocabulary.tokenize(part, options));
    return { tokens, notes: [] };
  }

  async pieces(tokens: readonly Token[], renderSpecial: boolean): Promise<readonly Uint8Array[]> {
    const { vocabulary } = this.#engine.models.target.model;
    refuseStrangers('tokens', tokens, vocabulary.size);
    return tokens.map((token) => vocabulary.bytes(token, renderSpecial));
  }

  async render(chat: Chat): Promise<string> {
    return renderChat(chat, this.#engine.models.target.chat).prompt;
  }

  score(request: ScoreRequest, signal?: AbortSignal): Promise<Score> {
    return this.#engine.score(request, signal);
  }

  async passCosts(): Promise<PassCosts> {
    return passCostsOf(this.#engine.models);
  }

  async status(): Promise<ServiceStatus> {
    const { target, drafts } = this.#engine.models;
    return {
      state: this.#closed ? 'closed' : 'ready',
      reason: undefined,
      restarts: 0,
      pid: process.pid,
      running: this.#running,
      queued: this.#queued,
      slots: [target, ...drafts].flatMap(slotsOf).map((slot, id) => ({ ...slot, id })),
      passes: [target, ...drafts].map(({ batcher }) => batcher.pass),
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#engine.close();
  }
}

function slotsOf({ role, name, batcher }: LoadedModel): SlotStatus[] {
  return batcher.slots.map((slot) => ({ ...slot, role, model: name }));
}

/** What is loaded, as plain data. */
export function describe(
  { models, loadMs }: Engine,
  { info, devices }: Pick<Backend, 'info' | 'devices'>,
  { parallel = 1, queue = QUEUE, gpuLayers = 'all', draftGpuLayers = 0, ...options }: EngineOptions,
): EngineDescription {
  const { cacheTypeK = 'f16', cacheTypeV = 'f16', draftCacheTypeK = 'f16', draftCacheTypeV = 'f16' } = options;
  const draftTypes = { cacheTypeK: draftCacheTypeK, cacheTypeV: draftCacheTypeV };
  const gpu = devices.find(({ kind }) => kind === 'gpu')?.name;
  const deviceFor = (layers: number | 'all'): string => (layers === 0 || gpu === undefined ? 'CPU' : gpu);
  return {
    target: describeModel(models.target, deviceFor(gpuLayers), { cacheTypeK, cacheTypeV }),
    drafts: models.drafts.map((draft) => ({
      ...describeModel(draft, deviceFor(draftGpuLayers), draftTypes),
      vocabularyFit: fitOf(draft.pair),
    })),
    contextSize: models.contextSize,
    parallel,
    queue,
    strict: models.rowClass.kind === 'strict',
    notes: models.notes,
    llama: { version: info.version, system: info.system, devices: devices.map(({ name }) => name) },
    loadMs,
  };
}

function fitOf({ verdict: _, masked, toDraft: __, toTarget: ___, ...counts }: PairReport): VocabularyFit {
  return { ...counts, masked: masked.length };
}

function describeModel(
  { role, name, model, context }: LoadedModel,
  device: string,
  cacheTypes: Pick<ModelDescription, 'cacheTypeK' | 'cacheTypeV'>,
): ModelDescription {
  const { vocabulary } = model;
  const textOf = (token: Token | undefined): string => (token === undefined ? '' : vocabulary.text(token));
  return {
    role,
    name,
    path: model.path,
    description: model.description,
    parameters: model.parameterCount,
    bytes: model.sizeBytes,
    trainedContext: model.trainedContext,
    vocabularySize: vocabulary.size,
    vocabularyType: vocabulary.type,
    chatTemplate: model.chatTemplate,
    bosText: textOf(vocabulary.special.bos),
    eosText: textOf(vocabulary.special.eos),
    threads: context.threads,
    ...cacheTypes,
    device,
  };
}
