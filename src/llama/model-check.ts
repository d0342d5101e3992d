import { OutriderError } from '../errors.js';
import type { GgufFile } from './gguf.js';

/**
 * Checks by its headers that a model is whole and of a kind that generates text, so that the reason can be said in one
 * line before anything is loaded.
 * @throws OutriderError model_invalid
 */
export function checkModelParts(parts: readonly GgufFile[]): void {
  const [first] = parts as readonly [GgufFile];
  const architecture = first.metadata.get('general.architecture');
  if (typeof architecture !== 'string' || architecture === '') {
    throw invalid(first, 'names no architecture (general.architecture): it is no model that llama.cpp can run');
  }
  const kind = first.metadata.get('general.type');
  if (kind === 'adapter') throw invalid(first, 'is an adapter (LoRA), not a model; name the model that it belongs to');
  if (architecture === 'clip' || kind === 'mmproj') {
    throw invalid(first, 'is the image part of a model, which cannot generate text; name the language model');
  }
  if (parts.every(({ tensors }) => tensors.length === 0)) {
    throw invalid(first, 'holds a vocabulary only, no weights; name the whole model');
  }
  for (const part of parts) checkWhole(part);
}

/** llama.cpp maps weights into memory: a file that ends early is found out only here, or by a crash. */
function checkWhole(part: GgufFile): void {
  const end = part.tensors.reduce((most, { offset, bytes }) => Math.max(most, offset + bytes), 0);
  const expected = part.dataOffset + end;
  if (part.tensors.length > 0 && part.sizeBytes < expected) {
    throw invalid(part, `is truncated: ${part.sizeBytes} of ${expected} bytes; download it again`);
  }
}

function invalid({ path }: GgufFile, what: string): OutriderError {
  return new OutriderError('model_invalid', `${path} ${what}`, { path });
}
