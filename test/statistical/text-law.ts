import type { Token } from '../../src/speculative/index.js';
import { SoftmaxSampler, type SoftmaxSamplerOptions } from '../../src/speculative/testing/softmax-sampler.js';
import type { TabularModel } from '../../src/speculative/testing/tabular-model.js';

/** A target small enough that the law of its texts can be written down. */
export interface Writer {
  readonly model: TabularModel;
  readonly sampling: SoftmaxSamplerOptions;
  readonly prompt: readonly Token[];
}

/** The probability of each text of so many tokens (joined by spaces) as the writer alone writes it, token by token. */
export function textLaw({ model, sampling, prompt }: Writer, length: number): Map<string, number> {
  const law = new Map<string, number>();
  const extend = (text: readonly Token[], probability: number): void => {
    if (text.length === length) {
      law.set(text.join(' '), probability);
      return;
    }
    const history = [...prompt, ...text];
    const { ids, probabilities } = new SoftmaxSampler({ ...sampling, history }).law(model.logits(history));
    for (let i = 0; i < ids.length; i++) extend([...text, ids[i]!], probability * probabilities[i]!);
  };
  extend([], 1);
  return law;
}

/** Half the sum of the absolute differences: 0 for equal laws, 1 for laws without a common outcome. */
export function totalVariation(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const outcome of new Set([...one.keys(), ...other.keys()])) {
    sum += Math.abs((one.get(outcome) ?? 0) - (other.get(outcome) ?? 0));
  }
  return sum / 2;
}
