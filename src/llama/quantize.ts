import { OutriderError } from '../errors.js';
import { callAsync, LLAMA_FTYPE } from './abi/v0.5.0/index.js';
import { captured } from './captured.js';
import type { Library } from './library.js';
import { checkModelFile } from './model-file.js';
import { refusalReason } from './refusal.js';

export type FileType = keyof typeof LLAMA_FTYPE;

/**
 * Writes a model's weights in another type, for tests and benchmarks. Quantised weights may be quantised again, which
 * costs quality. Tensors whose rows do not fit the type's blocks get a type that does.
 * @throws OutriderError model_not_found, model_invalid, backend_failed
 */
export async function quantizeModel(
  library: Library,
  path: string,
  out: string,
  { fileType, threads }: { readonly fileType: FileType; readonly threads: number },
): Promise<void> {
  await checkModelFile(path);
  const { functions } = library;
  await captured(library, async (heard) => {
    const code = await callAsync(functions.llama_model_quantize, path, out, {
      ...functions.llama_model_quantize_default_params(),
      ftype: LLAMA_FTYPE[fileType],
      nthread: threads,
      allow_requantize: true,
    });
    if (code !== 0) {
      throw new OutriderError('backend_failed', `${path} cannot be written as ${fileType}: ${refusalReason(heard)}`);
    }
  });
}
