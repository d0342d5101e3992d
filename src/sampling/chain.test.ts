import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Distribution, type Noise, positionNoise, type Row } from '../speculative/index.js';
import { SamplerChain, type SamplerSettings } from './chain.js';
import { type PartialSampling, resolveSampling } from './options.js';
import { STEP_NAMES } from './order.js';

const VOCABULARY = 60;
const NOISE = positionNoise(7);

function chainOf(given: PartialSampling, settings: Partial<SamplerSettings> = {}): SamplerChain {
  return new SamplerChain({ options: resolveSampling(given), vocabularySize: VOCABULARY, noise: NOISE, ...settings });
}

function asMap({ ids, probabilities }: Distribution): Map<number, number> {
  return new Map([...ids].map((id, i) => [id, probabilities[i]!]));
}

const share = fc.double({ min: 0, max: 1, noNaN: true });
const sometimes = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const options: fc.Arbitrary<PartialSampling> = fc.record({
  temperature: sometimes(fc.double({ min: 0, max: 3, noNaN: true })),
  dynatempRange: sometimes(share),
  topK: sometimes(fc.nat(VOCABULARY + 5)),
  topP: sometimes(share),
  minP: sometimes(share),
  typicalP: sometimes(share),
  topNSigma: sometimes(fc.double({ min: 0, max: 3, noNaN: true })),
  xtcProbability: sometimes(share),
  xtcThreshold: sometimes(share),
  repeatPenalty: sometimes(fc.double({ min: 0.5, max: 2, noNaN: true })),
  frequencyPenalty: sometimes(share),
  presencePenalty: sometimes(share),
  penaltyRange: sometimes(fc.oneof(fc.nat(12), fc.constant('all' as const))),
  dryMultiplier: sometimes(share),
  dryRange: sometimes(fc.oneof(fc.nat(12), fc.constant('all' as const))),
  mirostat: sometimes(fc.constantFrom('off' as const, 'v2' as const)),
  minKeep: sometimes(fc.nat(4)),
  logitBias: sometimes(
    fc
      .array(fc.tuple(fc.nat(VOCABULARY - 1), fc.constantFrom(-3, 2, Number.NEGATIVE_INFINITY)), { maxLength: 9 })
      .map((entries) => new Map(entries)),
  ),
  order: sometimes(fc.shuffledSubarray([...STEP_NAMES])),
});
/** Coarse values, so that ties occur; the mask of one token among them. */
const rows: fc.Arbitrary<Row> = fc
  .array(fc.integer({ min: -30, max: 30 }), { minLength: VOCABULARY, maxLength: VOCABULARY })
  .map((values) => Float32Array.from(values, (value) => (value === -30 ? Number.NEGATIVE_INFINITY : value / 3)))
  .filter((row) => row.filter((logit) => logit > Number.NEGATIVE_INFINITY).length > 12);
const tokens = fc.array(fc.nat(5), { maxLength: 20 });

describe('any chain', () => {
  test('gives a law: positive, distinct, summing to 1, in descending order', () => {
    fc.assert(
      fc.property(options, rows, tokens, (given, row, history) => {
        const { ids, probabilities } = chainOf(given, { history }).law(row);
        expect(new Set(ids).size).toBe(ids.length);
        expect(Math.min(...probabilities)).toBeGreaterThan(0);
        expect([...probabilities].reduce((sum, p) => sum + p)).toBeCloseTo(1, 9);
        if (ids.length > VOCABULARY / 2) return;
        expect([...probabilities]).toEqual([...probabilities].sort((a, b) => b - a));
      }),
    );
  });

  test('leaves the row bit for bit as it was', () => {
    fc.assert(
      fc.property(options, rows, tokens, (given, row, history) => {
        const before = new Uint32Array(row.slice().buffer);
        chainOf(given, { history }).law(row);
        expect(new Uint32Array(row.buffer)).toEqual(before);
      }),
    );
  });

  test('depends on history, position and row alone: after pushes and rewinds it is as a fresh one', () => {
    fc.assert(
      fc.property(options, rows, tokens, tokens, share, (given, row, history, drafted, kept) => {
        fc.pre(given.mirostat !== 'v2');
        const chain = chainOf(given, { history });
        for (const token of drafted) {
          chain.law(row);
          chain.push(token);
        }
        const length = Math.floor(kept * (history.length + drafted.length));
        chain.rewind(length);
        expect(chain.length).toBe(length);
        const fresh = chainOf(given, { history: [...history, ...drafted].slice(0, length) });
        expect(chain.law(row)).toEqual(fresh.law(row));
      }),
    );
  });

  test('forgets tokens in the middle as if they had never been', () => {
    fc.assert(
      fc.property(options, rows, tokens, share, share, (given, row, history, start, part) => {
        fc.pre(given.mirostat !== 'v2');
        const chain = chainOf(given, { history });
        const from = Math.floor(start * history.length);
        const count = Math.floor(part * (history.length - from));
        chain.drop(from, count);
        const fresh = chainOf(given, { history: history.toSpliced(from, count) });
        expect(chain.law(row)).toEqual(fresh.law(row));
      }),
    );
  });

  test('never lists a token that is banned', () => {
    fc.assert(
      fc.property(options, rows, (given, row) => {
        const best = row.indexOf(Math.max(...row));
        const { ids } = chainOf({ ...given, logitBias: undefined }, { banned: [best] }).law(row);
        expect([...ids]).not.toContain(best);
      }),
    );
  });
});

describe('steps', () => {
  const ROW = Float32Array.from({ length: VOCABULARY }, (_, i) => Math.sin(i * 1.7) * 4);
  const NEUTRAL: PartialSampling = { temperature: 1, topK: 0, topP: 1, minP: 0 };
  const best = [...ROW.keys()].sort((a, b) => ROW[b]! - ROW[a]!);

  test('a step that would change nothing is not in the chain', () => {
    expect(chainOf(NEUTRAL).stepNames).toEqual([]);
    expect(chainOf({ topK: VOCABULARY }).stepNames).toEqual(['top_p', 'min_p', 'temperature']);
    expect(chainOf({}, { banned: [1] }).stepNames).toEqual(['bias', 'top_k', 'top_p', 'min_p', 'temperature']);
  });

  test('under a temperature of 0 only what can dethrone the likeliest token runs before it', () => {
    expect(chainOf({ temperature: 0, topNSigma: 1 }).stepNames).toEqual(['temperature']);
    expect(chainOf({ temperature: 0, repeatPenalty: 1.1 }).stepNames).toEqual(['penalties', 'temperature']);
    expect(chainOf({ temperature: 0, xtcProbability: 1 }).stepNames).toEqual([
      'top_k',
      'top_p',
      'min_p',
      'xtc',
      'temperature',
    ]);
    expect(chainOf({ temperature: 0, dynatempRange: 1 }).stepNames).toContain('top_k');
  });

  test('no step at all: the softmax of the row', () => {
    const law = asMap(chainOf(NEUTRAL).law(ROW));
    const sum = ROW.reduce((total, logit) => total + Math.exp(logit), 0);
    expect(law.size).toBe(VOCABULARY);
    for (const [id, probability] of law) expect(probability).toBeCloseTo(Math.exp(ROW[id]!) / sum, 12);
  });

  test('temperature 0 takes the likeliest, of equals the lowest id', () => {
    const row = new Float32Array(VOCABULARY).fill(-1);
    row[40] = 3;
    row[17] = 3;
    expect(chainOf({ temperature: 0 }).law(row)).toEqual({ ids: Int32Array.of(17), probabilities: Float64Array.of(1) });
  });

  test('top-k keeps k, of equals at the border the lowest ids', () => {
    expect([...chainOf({ ...NEUTRAL, topK: 7 }).law(ROW).ids]).toEqual(best.slice(0, 7));
    const flat = new Float32Array(VOCABULARY).fill(1);
    expect([...chainOf({ ...NEUTRAL, topK: 3 }).law(flat).ids]).toEqual([0, 1, 2]);
  });

  test('the order decides: penalties after top-k cannot let another token in', () => {
    const penalised = { ...NEUTRAL, topK: 1, presencePenalty: 100 };
    const history = [best[0]!];
    const first = chainOf({ ...penalised, order: ['penalties', 'top_k'] }, { history }).law(ROW);
    const last = chainOf({ ...penalised, order: ['top_k', 'penalties'] }, { history }).law(ROW);
    expect([...first.ids]).toEqual([best[1]]);
    expect([...last.ids]).toEqual([best[0]]);
  });

  test('a temperature before the cuts changes what they keep', () => {
    const cut = (order: PartialSampling['order']) =>
      chainOf({ ...NEUTRAL, temperature: 3, minP: 0.1, order }).law(ROW).ids.length;
    expect(cut(['temperature', 'min_p'])).toBeGreaterThan(cut(['min_p', 'temperature']));
  });

  test('penalties count the occurrences in their range, drafts included', () => {
    const logitOf = (given: PartialSampling, history: number[], token: number) => {
      const law = asMap(chainOf({ ...NEUTRAL, ...given }, { history }).law(new Float32Array(VOCABULARY)));
      return Math.log(law.get(token)! / law.get(59)!);
    };
    const given = { frequencyPenalty: 0.5, presencePenalty: 0.25, penaltyRange: 4 };
    expect(logitOf(given, [3, 3, 7, 3, 3, 9], 3)).toBeCloseTo(-0.5 * 2 - 0.25, 6);
    expect(logitOf(given, [3, 3, 7, 8, 8, 9], 3)).toBeCloseTo(0, 6);
    expect(logitOf({ ...given, penaltyRange: 'all' }, [3, 3, 7, 3, 3, 9], 3)).toBeCloseTo(-0.5 * 4 - 0.25, 6);
    const chain = chainOf({ ...NEUTRAL, topK: 5, presencePenalty: 100 });
    for (let position = 0; position < VOCABULARY - 1; position++) {
      const [id] = chain.law(ROW).ids;
      chain.push(id!);
      expect(chain.law(ROW).ids[0]).not.toBe(id);
    }
  });

  test('the coin of XTC belongs to the position', () => {
    const asked: [number, string][] = [];
    const noise: Noise = {
      exponential: () => 1,
      uniform: (position, lane) => {
        asked.push([position, lane]);
        return position === 2 ? 0.4 : 0.6;
      },
    };
    const given = { ...NEUTRAL, topK: 10, xtcProbability: 0.5, xtcThreshold: 0.1 };
    const chain = chainOf(given, { noise, history: [0, 0] });
    const row = Float32Array.from(ROW);
    row[50] = row[51] = row[52] = 5;
    expect(chain.law(row).ids[0], 'the three are equal; the last of them stays').toBe(52);
    chain.push(1);
    expect(chain.law(row).ids[0]).toBe(50);
    chain.rewind(2);
    expect(chain.law(row).ids[0]).toBe(52);
    expect(asked).toEqual([2, 3, 2].map((position) => [position, 'xtc']));
  });
});

describe('Mirostat', () => {
  const ROW = Float32Array.from({ length: VOCABULARY }, (_, i) => -i / 8);
  const given = { temperature: 1, mirostat: 'v2', mirostatTau: 2, mirostatEta: 0.5 } as const;

  test('says that its law needs drawing in sequence, and runs alone but for penalties', () => {
    expect(chainOf(given).sequentialOnly).toBe(true);
    expect(chainOf({}).sequentialOnly).toBe(false);
    expect(chainOf({ ...given, topK: 5, temperature: 0.5, presencePenalty: 1 }).stepNames).toEqual([
      'penalties',
      'temperature',
      'mirostat',
    ]);
  });

  test('mu starts at twice the target and follows the surprise of what was drawn', () => {
    const chain = chainOf(given);
    let mu = 4;
    for (const place of [0, 3, 2]) {
      const law = chain.law(ROW);
      const sum = ROW.reduce((total, logit) => total + Math.exp(logit), 0);
      const bits = [...ROW].map((logit) => -Math.log2(Math.exp(logit) / sum));
      expect([...law.ids]).toEqual([...ROW.keys()].filter((id) => bits[id]! <= mu));
      chain.push(law.ids[place]!);
      mu -= 0.5 * (-Math.log2(law.probabilities[place]!) - 2);
    }
  });

  test('a rewind finds the mu of its position again', () => {
    const chain = chainOf(given, { history: [1, 2] });
    const laws: Distribution[] = [];
    for (const place of [0, 3, 1, 0]) {
      laws.push(chain.law(ROW));
      chain.push(laws.at(-1)!.ids[place]!);
    }
    expect(laws[1]).not.toEqual(laws[0]);
    for (const position of [3, 1, 0]) {
      chain.rewind(2 + position);
      expect(chain.law(ROW)).toEqual(laws[position]);
    }
    chain.rewind(0);
    chain.push(9);
    chain.push(9);
    expect(chain.law(ROW)).toEqual(laws[0]);
  });
});

describe('Mirostat in a history that loses its middle', () => {
  test.each([
    [0, 1],
    [0, 4],
    [1, 4],
    [3, 2],
    [5, 1],
  ])('keeps its mu: from %d, %d tokens', (from, count) => {
    const row = Float32Array.from({ length: VOCABULARY }, (_, i) => -i / 8);
    const given = { temperature: 1, mirostat: 'v2', mirostatTau: 2, mirostatEta: 0.5 } as const;
    const chain = chainOf(given, { history: [1, 2, 3] });
    for (const place of [0, 3, 1]) chain.push(chain.law(row).ids[place]!);
    const law = chain.law(row);
    chain.drop(from, count);
    expect(chain.length).toBe(6 - count);
    expect(chain.law(row)).toEqual(law);
    chain.push(law.ids[3]!);
    const next = chain.law(row);
    expect(next).not.toEqual(law);
    chain.rewind(6 - count);
    expect(chain.law(row)).toEqual(law);
  });
});

describe('refuses', () => {
  test.each([
    ['no finite logit', new Float32Array(VOCABULARY).fill(Number.NEGATIVE_INFINITY)],
    ['nothing but NaN', new Float32Array(VOCABULARY).fill(Number.NaN)],
    ['an infinite logit', new Float32Array(VOCABULARY).fill(Number.POSITIVE_INFINITY)],
  ])('a row with %s, whatever the chain', (_, row) => {
    for (const given of [
      {},
      { temperature: 0 },
      { topK: 0 },
      { topK: 0, typicalP: 0.5 },
      { mirostat: 'v2' as const },
    ]) {
      expect(() => chainOf(given).law(row)).toThrow(/no finite logits/);
    }
  });

  test('a row of another vocabulary', () => {
    expect(() => chainOf({}).law(new Float32Array(59))).toThrow('expected 60 logits');
  });

  test('biases and bans outside the vocabulary', () => {
    expect(() => chainOf({}, { banned: [60] })).toThrow('expected token ids from 0 to 59, got 60');
    expect(() => chainOf({ logitBias: new Map([[99, 1]]) })).toThrow(
      expect.objectContaining({ code: 'invalid_argument', details: { parameter: 'logitBias' } }),
    );
  });

  test('but not a row with some NaN in it: they are never chosen', () => {
    const row = new Float32Array(VOCABULARY).fill(Number.NaN);
    row[5] = 1;
    for (const given of [{}, { topK: 0 }, { temperature: 0 }]) expect([...chainOf(given).law(row).ids]).toEqual([5]);
  });
});
