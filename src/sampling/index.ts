export type { SamplerSettings } from './chain.js';
export { SamplerChain } from './chain.js';
export type { PartialSampling, SamplingOptions } from './options.js';
export { resolveSampling, SAMPLING_DEFAULTS } from './options.js';
export type { StepName } from './order.js';
export { DEFAULT_ORDER, orderFromKobold, orderFromLetters, orderFromNames, STEP_NAMES } from './order.js';
export { recommendedSampling } from './recommended.js';
export type { BreakerVocabulary } from './sequence-breakers.js';
export { SequenceBreakers } from './sequence-breakers.js';
