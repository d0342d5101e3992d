import { OutriderError } from '../errors.js';
import type { Functions } from './abi/v0.5.0/index.js';
import type { GgufFile, GgufTensor } from './gguf.js';
import { checkHyperparameters } from './model-hyperparameters.js';
import { checkVocabulary } from './vocabulary-check.js';

/** Multiples of it keep mapped tensors where ggml's processor back end wants them. */
const TENSOR_ALIGNMENT = 32;
/**
 * Types that ggml only uses in passing: a weight of such a type ends the process in the first pass. (Tables of ids, in
 * models that route by them, are i32.)
 */
const NO_WEIGHTS: ReadonlySet<string> = new Set(['i8', 'i16', 'i64', 'f64', 'q8_1', 'q8_K']);
/** Architectures that do not generate text, or need another model's help for it. */
const OTHER_TASKS: ReadonlyMap<string, string> = new Map([
  ['clip', 'is the image part of a model; name the language model'],
  ['eagle3', 'is a draft head (EAGLE-3) that works only inside its target'],
  ['dflash', 'is a draft head (DFlash) that works only inside its target'],
]);

/**
 * Checks by its headers that a model is whole and of a kind that generates text, so that the reason can be said in one
 * line, and because llama.cpp ends the process for some of what a damaged header may hold.
 * @throws OutriderError model_invalid
 */
export async function checkModelParts(functions: Functions, parts: readonly GgufFile[]): Promise<void> {
  const [first] = parts as readonly [GgufFile];
  const refuse = (what: string) => {
    throw new OutriderError('model_invalid', `${first.path} ${what}`, { path: first.path });
  };
  const { metadata } = first;
  const architecture = metadata.get('general.architecture');
  if (typeof architecture !== 'string' || architecture === '') {
    return refuse('names no architecture (general.architecture): it is no model that llama.cpp can run');
  }
  if (metadata.get('general.type') === 'adapter') {
    return refuse('is an adapter (LoRA), not a model; name the model that it belongs to');
  }
  if (metadata.get('general.type') === 'mmproj') return refuse(OTHER_TASKS.get('clip') as string);
  const otherTask = OTHER_TASKS.get(architecture);
  if (otherTask !== undefined) return refuse(otherTask);
  if (parts.every(({ tensors }) => tensors.length === 0)) {
    return refuse('holds a vocabulary only, no weights; name the whole model');
  }
  for (const part of parts) checkTensors(part);
  checkHyperparameters(first, architecture);
  await checkVocabulary(functions, first);
}

/** llama.cpp maps weights into memory: a file that ends early is found out only here, or by a crash. */
function checkTensors(part: GgufFile): void {
  const refuse = (what: string) => {
    throw new OutriderError('model_invalid', `${part.path} ${what}; download it again`, { path: part.path });
  };
  const alignment = part.metadata.get('general.alignment') ?? TENSOR_ALIGNMENT;
  if (typeof alignment !== 'number' || alignment % TENSOR_ALIGNMENT !== 0) {
    refuse(`is damaged: general.alignment is ${String(alignment)}, not a multiple of ${TENSOR_ALIGNMENT}`);
  }
  const end = part.tensors.reduce((most, { offset, bytes }) => Math.max(most, offset + bytes), 0);
  const expected = part.dataOffset + end;
  if (part.tensors.length > 0 && part.sizeBytes < expected) {
    refuse(`is truncated: ${part.sizeBytes} of ${expected} bytes`);
  }
  const odd = part.tensors.find((tensor) => NO_WEIGHTS.has(tensor.type) || isOddNorm(tensor));
  if (odd) refuse(`is damaged: its tensor ${odd.name} is of type ${odd.type}`);
}

/** ggml multiplies by normalisation weights of this one type only. */
function isOddNorm({ name, shape, type }: GgufTensor): boolean {
  return /norm\.(weight|bias)$/.test(name) && shape.slice(1).every((length) => length === 1) && type !== 'f32';
}
