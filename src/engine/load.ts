import { totalmem } from 'node:os';
import { OutriderError } from '../errors.js';
import { resolveModelFiles } from '../models/files.js';
import { freeMemory } from '../models/free-memory.js';
import type { PairReport } from '../models/pair.js';
import { SequenceBreakers } from '../sampling/index.js';
import type { Sequence } from '../speculative/index.js';
import type { Backend, ContextOptions, Model, Placement } from './backend.js';
import { Batcher } from './batcher.js';
import { type ChosenDraft, chooseDrafts } from './choose-drafts.js';
import type { Cores } from './cores.js';
import type { LoadEvent, ModelRole } from './events.js';
import { findRowClass } from './find-row-class.js';
import { endTokens, type LoadedModel, modelName } from './loaded-model.js';
import { checkMemory } from './memory.js';
import { knowledgeOf, type ModelKnowledge } from './model-knowledge.js';
import type { EngineOptions } from './options.js';
import { Places } from './places.js';
import { type ContextUser, planContext } from './plan-context.js';
import { chatTemplateOf } from './prompt.js';
import type { RowClass } from './row-class.js';
import { StateStore } from './state-store.js';
import { threadsFor } from './threads.js';
import { sequenceTranslator } from './translated-sequence.js';

/** Without another wish a request gets at most this many tokens: a large trained context would fill the memory. */
const DEFAULT_CONTEXT = 4096;

/** Waiting requests keep their prompts in memory, and the last of them waits for all before it. */
export const QUEUE = 64;
/** What chats whose slots are taken may keep in memory, if that is a tenth of it or less. */
const CACHE_RAM = 2 ** 30;

/** A draft model that is in use, and how its ids correspond to the target's. */
export interface LoadedDraft extends LoadedModel {
  readonly pair: PairReport;
  /** Makes this model's sequences speak the target's token ids. */
  readonly translate: (sequence: Sequence) => Sequence;
}

export interface LoadedModels {
  readonly target: LoadedModel;
  /** All that draft, the largest first. */
  readonly drafts: readonly LoadedDraft[];
  /** The first of them, which mode `draft` writes with unless another is asked for. */
  readonly draft: LoadedDraft | undefined;
  /** What is learnt of these models together. */
  readonly learnt: ModelKnowledge;
  readonly contextSize: number;
  /** Whether answers with a limit go on where the context ends. */
  readonly contextShift: boolean;
  readonly rowClass: RowClass;
  /** What the user should know: dropped drafts, a context beyond the trained one. */
  readonly notes: readonly string[];
}

interface Candidate {
  readonly role: ModelRole;
  readonly path: string;
  readonly placement: Placement;
}

/** Loads target and drafts side by side, memory permitting, and makes a context for each that is used. */
export async function loadModels(
  backend: Backend,
  options: EngineOptions,
  cores: Cores,
  now: () => number,
): Promise<LoadedModels> {
  const loader = new Loader(backend, options, cores, now);
  try {
    return await loader.load();
  } catch (error) {
    loader.closeAll();
    throw error;
  }
}

class Loader {
  readonly #backend: Backend;
  readonly #options: EngineOptions;
  readonly #cores: Cores;
  readonly #now: () => number;
  readonly #models = new Map<Model, ModelRole>();
  readonly #notes: string[] = [];
  readonly #store: StateStore;

  constructor(backend: Backend, options: EngineOptions, cores: Cores, now: () => number) {
    this.#backend = backend;
    this.#options = options;
    this.#cores = cores;
    this.#now = now;
    this.#store = new StateStore(options.cacheRamBytes ?? Math.min(CACHE_RAM, Math.floor(totalmem() / 10)));
  }

  async load(): Promise<LoadedModels> {
    const candidates = await this.#candidates();
    const contextSize = await this.#contextSize(candidates[0]!);
    await this.#checkMemory(candidates, contextSize);
    const [targetModel, ...draftModels] = await this.#loadAll(candidates);
    const chosen = this.#chooseDrafts(targetModel!, draftModels);
    const drafts: LoadedDraft[] = [];
    for (const one of chosen) drafts.push(await this.#withDraft(targetModel!, one, drafts.length, contextSize));
    const loaded = await this.#withContext(targetModel!, { role: 'target' }, contextSize);
    if (this.#options.signal?.aborted) throw new OutriderError('aborted', 'loading was aborted');
    const rowClass = this.#options.strict
      ? await findRowClass(loaded.context, loaded.model.vocabulary.size, () =>
          this.#tell({ type: 'trial', role: 'target' }),
        )
      : ({ kind: 'free' } as const);
    if (rowClass.kind === 'strict' && loaded.context.sequences > 1 && rowClass.sequences === 'alone') {
      this.#note('target', 'strict: requests change each other’s bits in one batch on this device, so they take turns');
    }
    const writer = { ...loaded, batcher: this.#batcher(loaded.context, rowClass) };
    return {
      target: writer,
      drafts,
      draft: drafts[0],
      learnt: await this.#learn(writer, drafts, rowClass),
      contextSize,
      contextShift: this.#options.contextShift ?? false,
      rowClass,
      notes: this.#notes,
    };
  }

  closeAll(): void {
    for (const model of this.#models.keys()) model.close();
  }

  async #candidates(): Promise<Candidate[]> {
    const { target, drafts = [], gpuLayers, draftGpuLayers = 0 } = this.#options;
    const hasGpu = this.#backend.devices.some(({ kind }) => kind === 'gpu');
    const wanted = gpuLayers ?? (hasGpu ? 'all' : 0);
    if (wanted !== 0 && !hasGpu)
      this.#note('target', 'no GPU was found: layers stay on the processor (`outrider inspect` says more)');
    const candidate = async (role: ModelRole, path: string, layers: number | 'all'): Promise<Candidate> => ({
      role,
      path: (await resolveModelFiles(path)).paths[0]!,
      placement: layers === 0 || !hasGpu ? { on: 'cpu' } : { on: 'gpu', layers },
    });
    return Promise.all([
      candidate('target', target, wanted),
      ...drafts.map((path) => candidate('draft', path, draftGpuLayers)),
    ]);
  }

  async #contextSize(target: Candidate): Promise<number> {
    const metadata = await this.#backend.readMetadata(target.path);
    const trained = Number(metadata.get(`${metadata.get('general.architecture')}.context_length`) ?? DEFAULT_CONTEXT);
    const size = this.#options.contextSize ?? Math.min(trained, DEFAULT_CONTEXT);
    if (size > trained)
      this.#note('target', `a context of ${size} tokens is beyond the ${trained} that the model was trained for`);
    return size;
  }

  #contextOptions(sizeBytes: number, user: ContextUser, contextSize: number): ContextOptions {
    return planContext(this.#options, {
      user,
      contextSize,
      threads: this.#threadsOf(sizeBytes, user.role),
      otherThreads: this.#mostOtherThreads(sizeBytes, user.role),
      cores: this.#cores.total,
    });
  }

  #threadsOf(sizeBytes: number, role: ModelRole): number {
    const { threads, draftThreads } = this.#options;
    const wish = role === 'target' ? threads : draftThreads;
    return Math.min(wish ?? threadsFor(sizeBytes, this.#cores.total), this.#cores.total);
  }

  /** Of a pass of another model, which may come next. */
  #mostOtherThreads(sizeBytes: number, role: ModelRole): number {
    const others = [...this.#models].filter(([model, of]) => of !== role || model.sizeBytes !== sizeBytes);
    return Math.max(0, ...others.map(([model, of]) => this.#threadsOf(model.sizeBytes, of)));
  }

  async #checkMemory(candidates: readonly Candidate[], contextSize: number): Promise<void> {
    const planned = [];
    for (const [i, { role, path, placement }] of candidates.entries()) {
      const user = role === 'target' ? { role } : { role, larger: i - 1 };
      const options = this.#contextOptions(0, user, contextSize);
      const estimate = await this.#backend.estimate(path, placement, options);
      planned.push({ name: modelName(path), estimate });
    }
    checkMemory(planned, freeMemory(), this.#backend.devices);
  }

  async #loadAll(candidates: readonly Candidate[]): Promise<Model[]> {
    const { signal } = this.#options;
    const results = await Promise.allSettled(
      candidates.map(async ({ role, path, placement }) => {
        const report = (fraction: number): void => this.#tell({ type: 'model', role, path, fraction });
        const model = await this.#backend.loadModel(path, { placement, onProgress: report, ...(signal && { signal }) });
        this.#models.set(model, role);
        return model;
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return results.map((result) => (result as PromiseFulfilledResult<Model>).value);
  }

  /** The drafts that fit; the others are closed. */
  #chooseDrafts(target: Model, drafts: readonly Model[]): readonly ChosenDraft[] {
    const { chosen, leftOut } = chooseDrafts(target, drafts, this.#options.draftOptional ?? false);
    for (const { model, note } of leftOut) {
      this.#note('draft', note);
      this.#models.delete(model);
      model.close();
    }
    return chosen;
  }

  async #withContext(model: Model, user: ContextUser, contextSize: number): Promise<LoadedModel> {
    const { role } = user;
    const { parallel = 1, queue = QUEUE } = this.#options;
    const context = await model.createContext(this.#contextOptions(model.sizeBytes, user, contextSize));
    const chat = chatTemplateOf(model);
    for (const note of chat.notes) this.#note(role, `${modelName(model.path)}: ${note}`);
    if (!context.canShift && !this.#options.strict) {
      this.#note(
        role,
        `${modelName(model.path)}: its cache cannot be shifted; a chat whose oldest turns are cut is evaluated again`,
      );
    }
    return {
      role,
      name: modelName(model.path),
      model,
      context,
      batcher: this.#batcher(context, { kind: 'free' }),
      places: new Places(parallel, queue),
      ends: endTokens(model.vocabulary),
      breakers: new SequenceBreakers(model.vocabulary),
      chat,
    };
  }

  async #withDraft(
    target: Model,
    { model, pair }: ChosenDraft,
    larger: number,
    contextSize: number,
  ): Promise<LoadedDraft> {
    const { toDraft, toTarget, masked } = pair;
    const sizes = { targetSize: target.vocabulary.size, draftSize: model.vocabulary.size };
    const translate = sequenceTranslator({ ...sizes, masked, toDraft, toTarget });
    const loaded = await this.#withContext(model, { role: 'draft', larger }, contextSize);
    return { ...loaded, pair, translate };
  }

  #learn(target: LoadedModel, drafts: readonly LoadedDraft[], rowClass: RowClass): Promise<ModelKnowledge> {
    return knowledgeOf({
      backend: this.#backend,
      options: this.#options,
      target,
      drafts,
      rowClass,
      now: this.#now,
    });
  }

  #batcher(context: LoadedModel['context'], rowClass: RowClass): Batcher {
    return new Batcher({ context, cores: this.#cores, rowClass, now: this.#now, store: this.#store });
  }

  #note(role: ModelRole, text: string): void {
    this.#notes.push(text);
    this.#tell({ type: 'note', role, text });
  }

  #tell(event: LoadEvent): void {
    this.#options.onProgress?.(event);
  }
}
