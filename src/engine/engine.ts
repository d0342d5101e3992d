import { OutriderError } from '../errors.js';
import { DEFAULT_RULES, type RouteRules } from '../routing/index.js';
import type { Backend } from './backend.js';
import { Cores } from './cores.js';
import type { GenerationEvent } from './events.js';
import { type LoadedModels, loadModels } from './load.js';
import { closeModel } from './loaded-model.js';
import { checkEngineOptions, type EngineOptions } from './options.js';
import { type TokenizedPrompt, tokenizePrompt } from './prompt.js';
import type { GenerationRequest, Prompt } from './request.js';
import { routeRequest } from './route-request.js';
import { runRouted } from './routed-run.js';
import { type Score, type ScoreRequest, score } from './score.js';
import { drawSeed } from './seed.js';
import { usableCores } from './threads.js';

/** A target and perhaps a draft model, loaded side by side, and the requests that run on them. */
export class Engine {
  /** What is loaded. */
  readonly models: LoadedModels;
  /** Milliseconds from the call of `load` to the first possible request. */
  readonly loadMs: number;
  readonly #backend: Backend;
  readonly #routes: RouteRules;
  /** Aborts each of the requests that run or wait. */
  readonly #aborts = new Set<() => void>();
  #closed: Promise<void> | undefined;

  private constructor(backend: Backend, models: LoadedModels, routes: RouteRules, loadMs: number) {
    this.#backend = backend;
    this.#routes = routes;
    this.models = models;
    this.loadMs = loadMs;
  }

  /**
   * Loads the models in parallel after checking that they fit into memory and to each other. The engine takes the
   * backend over and closes it, also when loading fails.
   * @throws OutriderError for every way in which that can go wrong; nothing stays loaded then
   */
  static async load(backend: Backend, options: EngineOptions): Promise<Engine> {
    const now = (): number => performance.now();
    const began = now();
    try {
      checkEngineOptions(options);
      const models = await loadModels(backend, options, new Cores(usableCores()), now);
      const loadMs = now() - began;
      options.onProgress?.({ type: 'ready', loadMs });
      return new Engine(backend, models, options.routes ?? DEFAULT_RULES, loadMs);
    } catch (error) {
      backend.close();
      throw error;
    }
  }

  /**
   * Runs a request; several may run at once, those that a draft model writes beside those of the target. What is wrong
   * with the request is thrown at the first `next()`, as is `queue_full`; what goes wrong later is an `error` event. Ending
   * the iteration early, or the signal, stops the work within one pass.
   */
  async *generate(request: GenerationRequest, signal?: AbortSignal): AsyncGenerator<GenerationEvent, void, void> {
    const work = this.#begin(signal);
    try {
      yield* runRouted(routeRequest(request, this.models, this.#routes, drawSeed), this.models, work.signal);
    } finally {
      // Whoever left while waiting leaves the queue.
      work.end();
    }
  }

  /**
   * What a model thinks of a text behind a prompt. Waits for a place as a request does.
   * @throws OutriderError what is wrong with the request; queue_full; aborted
   */
  async score(request: ScoreRequest, signal?: AbortSignal): Promise<Score> {
    const work = this.#begin(signal);
    try {
      return await score(request, this.models, work.signal, () => performance.now());
    } finally {
      work.end();
    }
  }

  /** What a prompt is for the target: its tokens, and how it was understood. */
  tokenize(prompt: Prompt): TokenizedPrompt {
    return tokenizePrompt(prompt, this.models.target);
  }

  /**
   * Aborts what is running, waits for the passes and gives everything back. Requests that run end with a `finish` of
   * reason `aborted` when they are asked for their next event. Idempotent; may be called while iterating a request.
   */
  close(): Promise<void> {
    this.#closed ??= this.#closeAll();
    return this.#closed;
  }

  /** Work that its caller's signal stops, the engine's end, and `end`, which has to come. */
  #begin(signal: AbortSignal | undefined): { readonly signal: AbortSignal; readonly end: () => void } {
    if (this.#closed !== undefined) throw new OutriderError('closed', 'the engine is closed');
    const stop = new AbortController();
    const abort = (): void => stop.abort();
    const end = (): void => {
      signal?.removeEventListener('abort', abort);
      this.#aborts.delete(abort);
      abort();
    };
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    this.#aborts.add(abort);
    return { signal: stop.signal, end };
  }

  async #closeAll(): Promise<void> {
    for (const abort of this.#aborts) abort();
    this.models.learnt.remember();
    for (const draft of this.models.drafts) await closeModel(draft);
    await closeModel(this.models.target);
    this.#backend.close();
  }
}
