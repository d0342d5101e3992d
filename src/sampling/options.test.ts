import { describe, expect, test } from 'vitest';
import { type PartialSampling, resolveSampling, SAMPLING_DEFAULTS } from './options.js';
import { recommendedSampling } from './recommended.js';

describe('options', () => {
  test('what is given comes before what the file recommends, and that before the defaults', () => {
    const resolved = resolveSampling({ topK: 7, topP: undefined }, { topK: 20, topP: 0.8 });
    expect(resolved).toEqual({ ...SAMPLING_DEFAULTS, topK: 7, topP: 0.8 });
  });

  test('the limits themselves are allowed', () => {
    const limits = { temperature: 0, topK: 0, topP: 0, minP: 1, penaltyRange: 'all', dryBase: 1, minKeep: 0 } as const;
    expect(resolveSampling(limits)).toMatchObject(limits);
    const drySequenceBreakers = Array(64).fill('a'.repeat(256));
    expect(resolveSampling({ drySequenceBreakers })).toMatchObject({ drySequenceBreakers });
    const ban = new Map([[3, Number.NEGATIVE_INFINITY]]);
    expect(resolveSampling({ logitBias: ban }).logitBias).toBe(ban);
  });

  test.each<[string, unknown, string]>([
    ['temperature', -0.1, 'temperature: expected a number from 0 to 100, got -0.1'],
    ['temperature', Number.NaN, 'temperature: expected a number from 0 to 100, got NaN'],
    ['temperature', '0.8', "temperature: expected a number from 0 to 100, got '0.8'"],
    ['temperature', null, 'temperature: expected a number from 0 to 100, got null'],
    ['topK', 1.5, 'topK: expected an integer, at least 0, got 1.5'],
    ['topK', -1, 'topK: expected an integer, at least 0, got -1'],
    ['topP', 1.01, 'topP: expected a number from 0 to 1, got 1.01'],
    ['repeatPenalty', 0, 'repeatPenalty: expected a number above 0, at most 100, got 0'],
    [
      'presencePenalty',
      Number.POSITIVE_INFINITY,
      'presencePenalty: expected a number from -1000 to 1000, got Infinity',
    ],
    ['penaltyRange', -1, "penaltyRange: expected an integer, at least 0, or 'all', got -1"],
    ['dryRange', 'some', "dryRange: expected an integer, at least 0, or 'all', got 'some'"],
    ['dryBase', 0.5, 'dryBase: expected a number from 1 to 100, got 0.5'],
    [
      'drySequenceBreakers',
      [''],
      'drySequenceBreakers: expected a list of at most 64 texts of 1 to 256 characters, got []',
    ],
    ['drySequenceBreakers', Array(65).fill('a'), 'expected a list of at most 64 texts'],
    ['drySequenceBreakers', ['a'.repeat(257)], `got [${'a'.repeat(199)}...`],
    ['mirostat', 'v1', "mirostat: expected 'off' or 'v2', got 'v1'"],
    ['logitBias', new Map([[1, Number.NaN]]), 'got {1: NaN}'],
    ['logitBias', new Map([[1, Number.POSITIVE_INFINITY]]), 'got {1: Infinity}'],
    ['logitBias', { 1: 5 }, 'logitBias: expected a map of token ids to finite numbers or -Infinity'],
    ['order', ['top_k', 'top_k'], 'each at most once, got [top_k, top_k]'],
    ['order', ['top_z'], 'got [top_z]'],
  ])('refuses %s %s', (name, value, message) => {
    const resolve = () => resolveSampling({ [name]: value } as PartialSampling);
    expect(resolve).toThrow(message);
    expect(resolve).toThrow(expect.objectContaining({ code: 'invalid_argument', details: { parameter: name } }));
  });
});

describe('what a model file recommends', () => {
  const recommended = (entries: Record<string, string>) =>
    recommendedSampling(new Map(Object.entries(entries).map(([key, text]) => [`general.sampling.${key}`, text])));

  test('every key', () => {
    const entries = {
      sequence: 'top_k;temperature',
      top_k: '20',
      top_p: '0.8',
      min_p: '0.01',
      xtc_probability: '0.5',
      xtc_threshold: '0.2',
      temp: '0.600000',
      penalty_last_n: '-1',
      penalty_repeat: '1.05',
      mirostat: '2',
      mirostat_tau: '4',
      mirostat_eta: '0.2',
    };
    expect(recommended(entries)).toEqual({
      order: ['top_k', 'temperature'],
      topK: 20,
      topP: 0.8,
      minP: 0.01,
      xtcProbability: 0.5,
      xtcThreshold: 0.2,
      temperature: 0.6,
      penaltyRange: 'all',
      repeatPenalty: 1.05,
      mirostat: 'v2',
      mirostatTau: 4,
      mirostatEta: 0.2,
    });
  });

  test('leaves out what is not valid, and what is not there', () => {
    expect(recommended({ temp: 'warm', top_k: '-3', top_p: '', sequence: 'top_z', mirostat: '1' })).toEqual({});
    expect(recommendedSampling(new Map([['general.name', 'x']]))).toEqual({});
  });
});
