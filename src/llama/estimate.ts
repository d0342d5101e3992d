import type { ContextOptions, MemoryEstimate, MemoryParts, Placement } from '../engine/backend.js';
import { OutriderError } from '../errors.js';
import { callAsync } from './abi/v0.5.0/index.js';
import { checkCacheTypes } from './cache-types.js';
import { captured } from './captured.js';
import { checkContextOptions, contextParams } from './context-options.js';
import { type LoggedSizes, readLoggedSizes } from './estimate-log.js';
import type { GgufFile, GgufTensor } from './gguf.js';
import type { Library } from './library.js';
import { placementParams, WITHOUT_WEIGHTS } from './model-load.js';
import { refusalReason } from './refusal.js';

/**
 * A simulated context still keeps llama.cpp's tables, whose size and time grow with its cells (0.1 s and 50 MB for a
 * million); so the cells simulated are bounded, and the sizes of larger contexts follow from two points.
 */
const MOST_SIMULATED_TOKENS = 65_536;
/** Measured: llama.cpp's table entry of one cell, in host memory, told in no log line. */
const TABLE_BYTES_PER_CELL = 52;
const BYTES_PER_LOGIT = 4;

/**
 * What a model and one context of it would take, without allocating it: llama.cpp loads the model and makes the context
 * in its simulation mode (`no_alloc`) and tells the sizes in its log; the sizes of weights are in the files' headers.
 * @throws OutriderError invalid_argument, model_invalid
 */
export async function estimateMemory(
  library: Library,
  files: readonly GgufFile[],
  placement: Placement,
  context: ContextOptions,
): Promise<MemoryEstimate> {
  checkContextOptions(context);
  checkCacheTypes(library.functions, files[0] as GgufFile, context);
  const simulate = (tokensPerSequence: number) =>
    simulateContext(library, files, placement, { ...context, tokensPerSequence });
  const gpus = new Set(
    library.devices
      .filter(({ type }) => type === 'gpu' || type === 'integrated-gpu')
      .map(({ handle }) => library.functions.ggml_backend_dev_name(handle)),
  );
  const { tokensPerSequence } = context;
  const largest = Math.min(tokensPerSequence, MOST_SIMULATED_TOKENS);
  const sizes = sizesOf(await simulate(largest), files, gpus);
  const scaled =
    largest === tokensPerSequence
      ? sizes
      : extrapolate(sizesOf(await simulate(largest / 2), files, gpus), sizes, tokensPerSequence / (largest / 2) - 1);
  return withHostExtras(scaled, files, context);
}

/** The line through the sizes at 1 and 2 units of context, at `distance` units beyond the first. */
function extrapolate(first: MemoryEstimate, second: MemoryEstimate, distance: number): MemoryEstimate {
  const along = (a: number, b: number) => Math.ceil(a + (b - a) * distance);
  const parts = (a: MemoryParts, b: MemoryParts): MemoryParts => ({
    weightsBytes: b.weightsBytes,
    cacheBytes: along(a.cacheBytes, b.cacheBytes),
    computeBytes: along(a.computeBytes, b.computeBytes),
  });
  return { host: parts(first.host, second.host), gpu: parts(first.gpu, second.gpu) };
}

/** The rows of logits, and the tables of cells: on the host always, and in no log line of a simulation. */
function withHostExtras(sizes: MemoryEstimate, files: readonly GgufFile[], context: ContextOptions): MemoryEstimate {
  const vocabulary = files[0]?.metadata.get('tokenizer.ggml.tokens');
  const tokens = typeof vocabulary === 'object' ? vocabulary.length : 0;
  const rows = Math.max(context.outputs, context.sequences);
  const cells = context.tokensPerSequence * context.sequences;
  const { host } = sizes;
  return {
    gpu: sizes.gpu,
    host: {
      ...host,
      cacheBytes: host.cacheBytes + cells * TABLE_BYTES_PER_CELL,
      computeBytes: host.computeBytes + rows * tokens * BYTES_PER_LOGIT,
    },
  };
}

function simulateContext(
  library: Library,
  files: readonly GgufFile[],
  placement: Placement,
  context: ContextOptions,
): Promise<LoggedSizes> {
  const { functions } = library;
  return captured(library, async (heard) => {
    const refused = () =>
      new OutriderError('model_invalid', `${files[0]?.path} cannot be measured: ${refusalReason(heard)}`);
    const paths = files.map(({ path }) => path);
    const model = await callAsync(functions.llama_model_load_from_splits, paths, paths.length, {
      ...functions.llama_model_default_params(),
      ...placementParams(placement),
      ...WITHOUT_WEIGHTS,
    });
    if (model === null) throw refused();
    const params = contextParams(functions, files[0] as GgufFile, context, placement);
    const native = await callAsync(functions.llama_init_from_model, model, params);
    if (native !== null) functions.llama_free(native);
    functions.llama_model_free(model);
    if (native === null) throw refused();
    return readLoggedSizes(heard);
  });
}

function sizesOf(sizes: LoggedSizes, files: readonly GgufFile[], gpus: ReadonlySet<string>): MemoryEstimate {
  const tensors = files.flatMap((file) => file.tensors);
  const onGpu = (layer: number | undefined) => layer !== undefined && gpus.has(sizes.layerDevices.get(layer) ?? '');
  const outputLayer = Math.max(...sizes.layerDevices.keys());
  const sum = (bytes: Iterable<number>) => [...bytes].reduce((total, more) => total + more, 0);

  const weights = sum(tensors.map(({ bytes }) => bytes));
  const gpuWeights = sum(tensors.filter((tensor) => onGpu(layerOf(tensor, outputLayer))).map(({ bytes }) => bytes));
  // Without an output matrix of its own, a model multiplies by the token embeddings, and a GPU gets a copy of them.
  const embeddings = tensors.find(({ name }) => name === 'token_embd.weight');
  const tied = onGpu(outputLayer) && embeddings && !tensors.some(({ name }) => name === 'output.weight');
  const gpuCacheShare =
    sizes.cacheDevices.filter((device) => gpus.has(device)).length / (sizes.cacheDevices.length || 1);
  const gpuCompute = sum([...sizes.computeBytes].map(([buffer, bytes]) => (gpus.has(buffer) ? bytes : 0)));

  return {
    host: {
      weightsBytes: weights - gpuWeights,
      cacheBytes: Math.ceil(sizes.cacheBytes * (1 - gpuCacheShare)),
      computeBytes: Math.ceil(sum(sizes.computeBytes.values()) - gpuCompute),
    },
    gpu: {
      weightsBytes: gpuWeights + (tied ? embeddings.bytes : 0),
      cacheBytes: Math.ceil(sizes.cacheBytes * gpuCacheShare),
      computeBytes: Math.ceil(gpuCompute),
    },
  };
}

/** `undefined`: the input, which always stays on the host. */
function layerOf({ name }: GgufTensor, outputLayer: number): number | undefined {
  const block = /^blk\.(\d+)\./.exec(name);
  if (block) return Number(block[1]);
  return name.startsWith('output') ? outputLayer : undefined;
}
