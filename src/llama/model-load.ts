import koffi from 'koffi';
import type { LoadOptions, Placement } from '../engine/backend.js';
import { OutriderError } from '../errors.js';
import {
  CALLBACK_TYPES,
  callAsync,
  type Functions,
  LLAMA_LOAD_MODE,
  type llama_model_params,
  type Pointer,
} from './abi/v0.5.0/index.js';
import { captured } from './captured.js';
import type { GgufFile } from './gguf.js';
import type { Library } from './library.js';
import type { LogLine } from './log.js';
import { refusalReason } from './refusal.js';

/** Progress is told in steps of at least this fraction. */
const PROGRESS_STEP = 0.01;

/** Nothing is allocated. To map the file all the same would end the process. */
export const WITHOUT_WEIGHTS = { no_alloc: true, load_mode: LLAMA_LOAD_MODE.NONE } as const;

/** An empty list, ended by NULL: no device but the processor. */
const NO_DEVICES = new BigUint64Array(new ArrayBuffer(BigUint64Array.BYTES_PER_ELEMENT));

/**
 * Loads the weights of checked files, off the event loop.
 * @throws OutriderError model_invalid, memory_exceeded, aborted
 */
export function loadWeights(library: Library, parts: readonly GgufFile[], options: LoadOptions): Promise<Pointer> {
  return loadNative(library, parts, options, {});
}

/**
 * Loads all of checked files but the weights: vocabulary, metadata and the shapes of the tensors, which llama.cpp checks
 * as it does when it loads them. No context may be made of it.
 * @throws OutriderError model_invalid
 */
export function loadOutline(library: Library, parts: readonly GgufFile[]): Promise<Pointer> {
  return loadNative(library, parts, { placement: { on: 'cpu' } }, WITHOUT_WEIGHTS);
}

function loadNative(
  library: Library,
  parts: readonly GgufFile[],
  options: LoadOptions,
  extent: Partial<llama_model_params>,
): Promise<Pointer> {
  const path = parts[0]?.path ?? '';
  return captured(library, async (heard) => {
    if (options.signal?.aborted) throw aborted(path);
    const { functions } = library;
    const progress = watchProgress(options);
    try {
      const params = {
        ...functions.llama_model_default_params(),
        ...placementParams(options.placement),
        ...extent,
        progress_callback: progress.callback,
      };
      const model = await callAsync(
        functions.llama_model_load_from_splits,
        parts.map((part) => part.path),
        parts.length,
        params,
      );
      const stopped = options.signal?.aborted ? aborted(path) : progress.failure();
      if (stopped !== undefined) {
        if (model !== null) functions.llama_model_free(model);
        throw stopped;
      }
      if (model === null) throw refused(path, heard);
      refuseOtherKinds(functions, model, path);
      return model;
    } finally {
      progress.stop();
    }
  });
}

/** Which devices get the weights: the processor alone means that no GPU is even looked at. */
export function placementParams(placement: Placement): Pick<llama_model_params, 'devices' | 'n_gpu_layers'> {
  if (placement.on === 'cpu') return { devices: koffi.address(NO_DEVICES.buffer), n_gpu_layers: 0 };
  // llama.cpp: no list means all GPUs, a negative number means all layers.
  return { devices: null, n_gpu_layers: placement.layers === 'all' ? -1 : placement.layers };
}

interface Progress {
  /** `null`: nobody wants to hear progress or to stop the load. */
  readonly callback: Pointer | null;
  /** What the listener threw: native code must not see it, so the load ends and the error comes afterwards. */
  readonly failure: () => unknown;
  readonly stop: () => void;
}

/** llama.cpp's progress callback. It is called on another thread and waits there for the event loop. */
function watchProgress({ onProgress, signal }: LoadOptions): Progress {
  if (!onProgress && !signal) return { callback: null, failure: () => undefined, stop: () => {} };
  let told = Number.NEGATIVE_INFINITY;
  let failure: unknown;
  const callback = koffi.register((fraction: number) => {
    if (signal?.aborted) return false;
    if (fraction - told < PROGRESS_STEP && !(fraction === 1 && told < 1)) return true;
    told = fraction;
    try {
      onProgress?.(fraction);
      return true;
    } catch (error) {
      failure = error;
      return false;
    }
  }, CALLBACK_TYPES.llama_progress_callback);
  return { callback, failure: () => failure, stop: () => koffi.unregister(callback) };
}

/** Kinds whose passes go another way than token after token. Frees the model that it refuses. */
function refuseOtherKinds(functions: Functions, model: Pointer, path: string): void {
  const kind = functions.llama_model_has_encoder(model)
    ? 'an encoder'
    : functions.llama_model_is_diffusion(model)
      ? 'a diffusion'
      : undefined;
  if (kind === undefined) return;
  functions.llama_model_free(model);
  throw new OutriderError('model_invalid', `${path} is ${kind} model; use one that generates text token after token`, {
    path,
  });
}

function aborted(path: string): OutriderError {
  return new OutriderError('aborted', `loading ${path} was aborted`, { path });
}

function refused(path: string, heard: readonly LogLine[]): OutriderError {
  const reason = refusalReason(heard);
  const memory = /alloc|memory/i.test(reason);
  return new OutriderError(
    memory ? 'memory_exceeded' : 'model_invalid',
    `${path} cannot be loaded: ${reason}; ${memory ? 'use a smaller model or free memory' : 'use another file'}`,
    { path },
  );
}
