import { randomInt } from 'node:crypto';
import { OutriderError } from '../errors.js';
import type { Backend } from './backend.js';
import { Cores } from './cores.js';
import type { GenerationEvent } from './events.js';
import { type LoadedModels, loadModels } from './load.js';
import { closeModel } from './loaded-model.js';
import { checkEngineOptions, type EngineOptions } from './options.js';
import { Places } from './places.js';
import { prepare } from './prepare.js';
import { type TokenizedPrompt, tokenizePrompt } from './prompt.js';
import type { GenerationRequest, Prompt } from './request.js';
import { abortedInQueue, run } from './run.js';
import { type Score, type ScoreRequest, score } from './score.js';
import { usableCores } from './threads.js';
import { Updates } from './updates.js';

/** Waiting requests keep their prompts in memory, and the last of them waits for all before it. */
const QUEUE = 64;

/** A target and perhaps a draft model, loaded side by side, and the requests that run on them. */
export class Engine {
  /** What is loaded. */
  readonly models: LoadedModels;
  /** Milliseconds from the call of `load` to the first possible request. */
  readonly loadMs: number;
  readonly #backend: Backend;
  readonly #places: Places;
  /** Aborts each of the requests that run or wait. */
  readonly #aborts = new Set<() => void>();
  #closed: Promise<void> | undefined;

  private constructor(backend: Backend, models: LoadedModels, options: EngineOptions, loadMs: number) {
    this.#backend = backend;
    this.models = models;
    this.loadMs = loadMs;
    this.#places = new Places(options.parallel ?? 1, options.queue ?? QUEUE);
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
      return new Engine(backend, models, options, loadMs);
    } catch (error) {
      backend.close();
      throw error;
    }
  }

  /**
   * Runs a request; several may run at once. What is wrong with the request is thrown at the first `next()`, as is
   * `queue_full`; what goes wrong later is an `error` event. Ending the iteration early, or the signal, stops the work within one pass.
   */
  async *generate(request: GenerationRequest, signal?: AbortSignal): AsyncGenerator<GenerationEvent, void, void> {
    if (this.#closed !== undefined) throw new OutriderError('closed', 'the engine is closed');
    const plan = prepare(request, this.models, drawSeed);
    const stop = new AbortController();
    const abort = (): void => stop.abort();
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    this.#aborts.add(abort);
    const queue = new Updates<number>();
    const place = this.#places.enter(stop.signal, (ahead) => queue.push(ahead));
    try {
      for await (const ahead of queue.until(place)) yield { type: 'queued', ahead };
      const entered = await place.then(
        () => true,
        (error) => {
          if (!stop.signal.aborted) throw error;
          return false;
        },
      );
      yield* entered ? run(plan, this.models, stop.signal) : abortedInQueue(plan);
    } finally {
      signal?.removeEventListener('abort', abort);
      this.#aborts.delete(abort);
      // Whoever left while waiting leaves the queue; whoever was given a place, even just now, gives it back.
      abort();
      void place.then(
        () => this.#places.leave(),
        () => {},
      );
    }
  }

  /**
   * What a model thinks of a text behind a prompt. Waits for a place as a request does.
   * @throws OutriderError what is wrong with the request; queue_full; aborted
   */
  async score(request: ScoreRequest, signal?: AbortSignal): Promise<Score> {
    if (this.#closed !== undefined) throw new OutriderError('closed', 'the engine is closed');
    const stop = new AbortController();
    const abort = (): void => stop.abort();
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    this.#aborts.add(abort);
    try {
      await this.#places.enter(stop.signal, () => {});
      try {
        return await score(request, this.models, stop.signal, () => performance.now());
      } finally {
        this.#places.leave();
      }
    } finally {
      signal?.removeEventListener('abort', abort);
      this.#aborts.delete(abort);
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

  async #closeAll(): Promise<void> {
    for (const abort of this.#aborts) abort();
    this.models.learnt.remember();
    for (const draft of this.models.drafts) await closeModel(draft);
    await closeModel(this.models.target);
    this.#backend.close();
  }
}

/** 48 random bits: a seed that every client can carry as a number. */
function drawSeed(): number {
  return randomInt(2 ** 48 - 1);
}
