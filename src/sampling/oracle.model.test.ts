import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LlamaBackend, openBackend } from '../llama/backend.js';
import type { NativeStep } from '../llama/native-chain.js';
import { type Distribution, type Random, type Row, sequentialRandom, type Token } from '../speculative/index.js';
import {
  type PartialSampling,
  resolveSampling,
  SamplerChain,
  type SamplingOptions,
  SequenceBreakers,
} from './index.js';

/*
 * llama.cpp's own chain is the oracle: on random rows, histories and options both must leave the same tokens with the
 * same probabilities.
 */
const PROBABILITY_TOLERANCE = 1e-5;
/**
 * llama.cpp sums in 32 bits. Over tens of thousands of tokens such a sum is off by some 1e-5, so where a running sum
 * decides, both may leave tokens of this probability in all that the other dropped. (Summing in 32 bits gives its cut.)
 */
const LONG_SUM = 2e-4;
const VOCABULARIES = [1_000, 32_000, 151_936];
const XTC_ALWAYS = { exponential: () => 1, uniform: () => 0 };

/** Nothing but what a test asks for. */
const NEUTRAL: PartialSampling = { temperature: 1, topK: 0, topP: 1, minP: 0 };

let backend: LlamaBackend;
beforeAll(async () => {
  backend = await openBackend();
});
afterAll(() => backend.close());

/** Normal noise with a few peaks, as models produce it. */
function randomRow(random: Random, size: number): Row {
  const row = new Float32Array(size);
  const scale = 1 + 3 * random();
  for (let i = 0; i < size; i++) {
    row[i] = scale * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()) - 2;
  }
  for (let peak = 0; peak < 12; peak++) row[integer(random, 0, size - 1)] = scale * (2 + 4 * random());
  return row;
}

/** Few distinct tokens and copied stretches, so that penalties count and DRY finds repetitions. */
function randomHistory(random: Random, size: number): Token[] {
  const alphabet = Array.from({ length: integer(random, 1, 12) }, () => integer(random, 0, size - 1));
  const history: Token[] = [];
  for (let part = integer(random, 0, 12); part > 0; part--) {
    if (history.length > 4 && random() < 0.6) {
      const start = integer(random, 0, history.length - 2);
      history.push(...history.slice(start, start + integer(random, 1, 20)));
    } else {
      for (let i = 0; i < 8; i++) history.push(alphabet[integer(random, 0, alphabet.length - 1)]!);
    }
  }
  return history;
}

function integer(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

function nativeStep(name: SamplingOptions['order'][number], options: SamplingOptions): NativeStep {
  const lastN = (range: number | 'all') => (range === 'all' ? 1_000_000 : range);
  const { minKeep } = options;
  switch (name) {
    case 'penalties':
      return {
        step: 'penalties',
        lastN: lastN(options.penaltyRange),
        repeat: options.repeatPenalty,
        frequency: options.frequencyPenalty,
        presence: options.presencePenalty,
      };
    case 'dry':
      return {
        step: 'dry',
        multiplier: options.dryMultiplier,
        base: options.dryBase,
        allowedLength: options.dryAllowedLength,
        lastN: lastN(options.dryRange),
        breakers: [],
      };
    case 'top_n_sigma':
      return { step: 'top_n_sigma', n: options.topNSigma };
    case 'top_k':
      return { step: 'top_k', k: options.topK };
    case 'typ_p':
      return { step: 'typical', p: options.typicalP, minKeep };
    case 'top_p':
      return { step: 'top_p', p: options.topP, minKeep };
    case 'min_p':
      return { step: 'min_p', p: options.minP, minKeep };
    case 'xtc':
      return { step: 'xtc', probability: options.xtcProbability, threshold: options.xtcThreshold, minKeep, seed: 1 };
    case 'temperature':
      return {
        step: 'temp_ext',
        temperature: options.temperature,
        delta: options.dynatempRange,
        exponent: options.dynatempExponent,
      };
  }
}

function nativeLaw(options: SamplingOptions, history: readonly Token[], row: Row): Distribution {
  const biases = [...options.logitBias].map(([token, bias]) => ({ token, bias }));
  const chain = backend.nativeChain({
    vocabularySize: row.length,
    steps: [{ step: 'logit_bias', biases }, ...options.order.map((name) => nativeStep(name, options))],
  });
  for (const token of history) chain.accept(token);
  const left = chain.apply(row);
  chain.close();
  return left;
}

function expectSameLaw(ours: Distribution, native: Distribution, label: string, borderMass = 0): void {
  const expected = new Map<Token, number>();
  for (let i = 0; i < native.ids.length; i++) expected.set(native.ids[i]!, native.probabilities[i]!);
  let border = 0;
  let worst = 0;
  for (let i = 0; i < ours.ids.length; i++) {
    const probability = expected.get(ours.ids[i]!);
    if (probability === undefined) border += ours.probabilities[i]!;
    else worst = Math.max(worst, Math.abs(probability - ours.probabilities[i]!));
    expected.delete(ours.ids[i]!);
  }
  for (const probability of expected.values()) border += probability;
  expect(border, `${label}: probability of tokens that only one of the two left`).toBeLessThanOrEqual(borderMass);
  expect(worst, `${label}: greatest difference of a probability`).toBeLessThan(PROBABILITY_TOLERANCE + border);
}

/** Compares both chains on random cases of these options. */
function compare(cases: number, optionsOf: (random: Random, size: number) => PartialSampling, borderMass = 0): void {
  for (const size of VOCABULARIES) {
    const random = sequentialRandom(size);
    for (let i = 0; i < (size > 100_000 ? Math.ceil(cases / 4) : cases); i++) {
      const given = { ...NEUTRAL, ...optionsOf(random, size) };
      const options = resolveSampling(given);
      const history = randomHistory(random, size);
      const row = randomRow(random, size);
      const chain = new SamplerChain({ options, vocabularySize: size, noise: XTC_ALWAYS, history });
      const label = `vocabulary ${size}, case ${i}, ${JSON.stringify(given)}`;
      expectSameLaw(chain.law(row), nativeLaw(options, history, row), label, borderMass);
    }
  }
}

describe('the same law as llama.cpp, step by step', () => {
  test('no step at all', () => compare(3, () => ({})));

  test('logit bias and bans', () =>
    compare(8, (random, size) => ({
      logitBias: new Map(
        Array.from({ length: 20 }, (_, i) => [
          integer(random, 0, size - 1),
          i % 3 === 0 ? Number.NEGATIVE_INFINITY : 20 * random() - 10,
        ]),
      ),
    })));

  test('penalties', () =>
    compare(24, (random) => ({
      repeatPenalty: 0.8 + random(),
      frequencyPenalty: 2 * random() - 0.5,
      presencePenalty: 2 * random() - 0.5,
      penaltyRange: random() < 0.3 ? 'all' : integer(random, 0, 100),
      topK: 40,
    })));

  test('DRY', () =>
    compare(60, (random) => ({
      dryMultiplier: 0.1 + random(),
      dryBase: 1 + random(),
      dryAllowedLength: integer(random, 0, 4),
      dryRange: random() < 0.5 ? 'all' : integer(random, 0, 100),
      topK: 40,
    })));

  test('top-n-sigma', () => compare(16, (random) => ({ topNSigma: 0.2 + 3 * random() })));
  test('top-k', () => compare(16, (random) => ({ topK: integer(random, 1, 100) })));
  test('top-k of thousands', () => compare(6, (random, size) => ({ topK: integer(random, 100, size) })));
  test('typical', () => compare(6, (random) => ({ topK: 200, typicalP: random(), minKeep: integer(random, 0, 4) })));
  test('typical over the vocabulary', () => compare(4, (random) => ({ typicalP: random() })));
  test('top-p', () => compare(16, (random) => ({ topP: random(), minKeep: integer(random, 0, 4) }), LONG_SUM));
  test('top-p near 1', () => compare(8, (random) => ({ topP: 1 - 0.02 * random() }), LONG_SUM));
  test('min-p', () => compare(16, (random) => ({ minP: random() ** 3, minKeep: integer(random, 0, 50) })));
  test('XTC', () =>
    compare(16, (random) => ({
      xtcProbability: 1,
      xtcThreshold: 0.3 * random() ** 2,
      minKeep: integer(random, 0, 4),
    })));
  test('temperature', () => compare(8, (random) => ({ temperature: 0.1 + 2 * random() })));
  test('temperature 0', () => compare(8, () => ({ temperature: 0 })));
  test('dynamic temperature', () =>
    compare(16, (random, size) => ({
      temperature: random() < 0.2 ? 0 : 2 * random(),
      dynatempRange: 0.1 + random(),
      dynatempExponent: 0.5 + random(),
      topK: size > 1_000 ? 1_000 : 0,
    })));
});

describe('the same law as llama.cpp, whole chains', () => {
  const anyOptions = (random: Random): PartialSampling => {
    const sometimes = <T>(value: T): T | undefined => (random() < 0.5 ? value : undefined);
    return {
      temperature: sometimes(random() < 0.2 ? 0 : 0.2 + 1.5 * random()),
      dynatempRange: sometimes(0.5 * random()),
      topK: sometimes(integer(random, 1, 200)),
      topP: sometimes(random()),
      minP: sometimes(0.2 * random()),
      topNSigma: sometimes(0.5 + 2 * random()),
      xtcProbability: sometimes(1),
      xtcThreshold: sometimes(0.3 * random()),
      repeatPenalty: sometimes(1 + 0.3 * random()),
      presencePenalty: sometimes(random()),
      frequencyPenalty: sometimes(0.3 * random()),
      penaltyRange: sometimes(integer(random, 0, 100)),
      dryMultiplier: sometimes(random()),
      dryRange: sometimes(integer(random, 0, 100)),
      minKeep: sometimes(integer(random, 0, 4)),
    };
  };

  test('the defaults', () =>
    compare(24, () => ({ temperature: undefined, topK: undefined, topP: undefined, minP: undefined })));
  test('any options in the default order', () => compare(60, anyOptions));
  // Without dynamic temperature: after a long sum it would carry the few tokens of difference into all probabilities.
  test('any options in any order', () =>
    compare(
      60,
      (random) => {
        const { order } = resolveSampling({});
        const shuffled = order.map((name) => ({ name, key: random() })).sort((a, b) => a.key - b.key);
        const some = shuffled.slice(integer(random, 0, 4)).map(({ name }) => name);
        return { ...anyOptions(random), dynatempRange: undefined, order: some };
      },
      LONG_SUM,
    ));
  // Typical alone, because llama.cpp's typical takes 0 * log(0) = NaN for an entropy after a mask.
  test('typical between the others', () =>
    compare(24, (random) => ({ ...anyOptions(random), topNSigma: undefined, topK: 100, typicalP: random() })));
});

test('DRY with sequence breakers, in the words of a vocabulary', async () => {
  const model = await backend.loadModel('models/draft-q8_0.gguf', { placement: { on: 'cpu' } });
  const { vocabulary } = model;
  const breakers = new SequenceBreakers(vocabulary);
  const random = sequentialRandom(5);
  const texts = ['\n', ':', '"', '*', 'the', 'the cat', ' said'];
  const story = 'The cat said: "No."\nThe cat said: "No, the cat." And the cat said * to the cat of the other cat. ';
  const words = vocabulary.tokenize(story.repeat(3), { addSpecial: false, parseSpecial: false });
  for (let i = 0; i < 60; i++) {
    const chosen = texts.filter(() => random() < 0.3);
    const given = { ...NEUTRAL, topK: 100, dryMultiplier: 1, dryAllowedLength: integer(random, 1, 3) };
    const options = resolveSampling({ ...given, dryRange: integer(random, 10, 100), drySequenceBreakers: chosen });
    const history = words.slice(0, integer(random, 10, words.length));
    const row = randomRow(random, vocabulary.size);
    const native = backend.nativeChain({
      vocabularySize: vocabulary.size,
      model,
      steps: [{ ...nativeStep('dry', options), breakers: chosen } as NativeStep, nativeStep('top_k', options)],
    });
    for (const token of history) native.accept(token);
    const chain = new SamplerChain({
      options,
      vocabularySize: vocabulary.size,
      noise: XTC_ALWAYS,
      history,
      breakers: breakers.spellings(chosen),
    });
    expectSameLaw(chain.law(row), native.apply(row), `case ${i}, breakers ${JSON.stringify(chosen)}`);
    native.close();
  }
  model.close();
});

test("Mirostat moves on as llama.cpp's does, whatever is drawn", () => {
  const random = sequentialRandom(7);
  const size = 32_000;
  for (const temperature of [0.7, 1, 1.4]) {
    const given = { temperature, mirostat: 'v2', mirostatTau: 3 + 3 * random(), mirostatEta: 0.3 * random() } as const;
    const ours = new SamplerChain({ options: resolveSampling(given), vocabularySize: size, noise: XTC_ALWAYS });
    const native = backend.nativeChain({
      vocabularySize: size,
      steps: [
        { step: 'temp', temperature },
        { step: 'mirostat_v2', seed: 3, tau: given.mirostatTau, eta: given.mirostatEta },
      ],
    });
    for (let position = 0; position < 12; position++) {
      const row = randomRow(random, size);
      const left = native.apply(row);
      expectSameLaw(ours.law(row), left, `${JSON.stringify(given)}, position ${position}`);
      ours.push(left.selected!);
    }
    native.close();
  }
});
