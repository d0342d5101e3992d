import { SAMPLING_FLAG_NAMES } from './sampling-flags.js';

/** The flag behind each parameter of the engine. */
const FLAG_NAMES: ReadonlyMap<unknown, string> = new Map<string, string>([
  ...SAMPLING_FLAG_NAMES,
  ['contextSize', '--ctx-size'],
  ['threads', '--threads'],
  ['draftThreads', '--threads-draft'],
  ['gpuLayers', '--gpu-layers'],
  ['draftGpuLayers', '--gpu-layers-draft'],
  ['cacheTypeK', '--cache-type-k'],
  ['cacheTypeV', '--cache-type-v'],
  ['draftCacheTypeK', '--cache-type-k-draft'],
  ['draftCacheTypeV', '--cache-type-v-draft'],
  ['parallel', '--parallel'],
  ['mode', '--mode'],
  ['maxTokens', '--predict'],
  ['stop', '--stop'],
  ['bannedStrings', '--ban-string'],
  ['logprobs', '--logprobs'],
  ['draft.drafters', '--drafters'],
  ['seed', '--seed'],
  ['verification', '--verification'],
  ['against', '--against'],
  ['draft.max', '--draft-max'],
  ['draft.min', '--draft-min'],
  ['draft.minConfidence', '--draft-p-min'],
  ['draft.leniency', '--leniency'],
]);

/** A message that begins with the name of the parameter it is about (`topK: expected ...`), with the flag in its place. */
export function inFlagNames(message: string, parameter: unknown): string {
  const flag = FLAG_NAMES.get(parameter);
  return flag !== undefined && message.startsWith(`${parameter}:`)
    ? `${flag}${message.slice(String(parameter).length)}`
    : message;
}
