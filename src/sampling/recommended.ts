import type { PartialSampling, SamplingOptions } from './options.js';
import { isValidOption } from './options.js';
import { orderFromNames } from './order.js';

/** What a GGUF file may recommend, by the rest of its key after `general.sampling.`. */
const READERS: Readonly<Record<string, [keyof SamplingOptions, (text: string) => unknown]>> = {
  sequence: ['order', orderFromNames],
  top_k: ['topK', Number],
  top_p: ['topP', Number],
  min_p: ['minP', Number],
  xtc_probability: ['xtcProbability', Number],
  xtc_threshold: ['xtcThreshold', Number],
  temp: ['temperature', Number],
  penalty_last_n: ['penaltyRange', (text) => (Number(text) < 0 ? 'all' : Number(text))],
  penalty_repeat: ['repeatPenalty', Number],
  mirostat: ['mirostat', (text) => ({ '0': 'off', '2': 'v2' })[text]],
  mirostat_tau: ['mirostatTau', Number],
  mirostat_eta: ['mirostatEta', Number],
};

/**
 * The sampling that a model's file recommends in its `general.sampling.*` metadata (written by llama.cpp's converter
 * from `generation_config.json`). What is not valid is left out: a slip in a file must not keep a model from loading.
 */
export function recommendedSampling(metadata: ReadonlyMap<string, string>): PartialSampling {
  const recommended: Record<string, unknown> = {};
  for (const [key, [name, read]] of Object.entries(READERS)) {
    const text = metadata.get(`general.sampling.${key}`)?.trim();
    if (!text) continue;
    const value = attempt(() => read(text));
    if (isValidOption(name, value)) recommended[name] = value;
  }
  return recommended;
}

function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}
