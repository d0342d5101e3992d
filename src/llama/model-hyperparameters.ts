import { OutriderError } from '../errors.js';
import type { GgufFile } from './gguf.js';

/** LLAMA_MAX_LAYERS and LLAMA_MAX_EXPERTS of llama-hparams.h. */
const MOST_LAYERS = 512;
const MOST_EXPERTS = 1024;

/**
 * Checks the hyperparameters for which llama.cpp ends the process instead of refusing the file; it refuses others by
 * itself, in words. Values of a type that it does not expect are left to it.
 * @throws OutriderError model_invalid
 */
export function checkHyperparameters({ path, metadata }: GgufFile, architecture: string): void {
  const require = (key: string, holds: (value: number) => boolean) => {
    const value = metadata.get(`${architecture}.${key}`);
    if (typeof value !== 'number' || holds(value)) return;
    const message = `${path} is damaged: ${architecture}.${key} is ${value}; download it again`;
    throw new OutriderError('model_invalid', message, { path, key, value });
  };
  const count = (key: string) => {
    const value = metadata.get(`${architecture}.${key}`);
    return typeof value === 'number' ? value : 0;
  };

  require('block_count', (layers) => layers >= 1 && layers <= MOST_LAYERS);
  require('nextn_predict_layers', (layers) => layers <= count('block_count'));

  const experts = count('expert_count');
  const groups = count('expert_group_count');
  // Missing counts as zero here, as it does in llama.cpp; an array (a count for each layer) is left to it.
  const used = metadata.get(`${architecture}.expert_used_count`) ?? 0;
  require('expert_count', () => experts <= MOST_EXPERTS && (experts === 0 || used !== 0));
  require('expert_used_count', (most) => most <= experts);
  require('expert_group_count', () => groups === 0 || (groups < experts && experts % groups === 0));
  require('expert_group_used_count', (most) => groups <= 1 || (most >= 1 && most < groups));

  for (const key of ['attention.layer_norm_rms_epsilon', 'attention.layer_norm_epsilon']) {
    require(key, (epsilon) => epsilon >= 0);
  }
}
