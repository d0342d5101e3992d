import { describe, expect, it } from 'vitest';
import {
  confidenceCut,
  ModelDrafter,
  positionNoise,
  type Sampler,
  sequentialRandom,
  verifyByBlock,
  verifyByRejection,
} from '../../src/speculative/index.js';
import { UNTIMED } from '../../src/speculative/testing/rounds.js';
import { SoftmaxSampler } from '../../src/speculative/testing/softmax-sampler.js';
import { type TabularModel, tabularModel } from '../../src/speculative/testing/tabular-model.js';
import { TabularSequence } from '../../src/speculative/testing/tabular-sequence.js';
import { integrateCoins } from './coins.js';
import {
  byLength,
  DRAFTERS,
  type Experiment,
  type Ingredients,
  lawDeviate,
  lawDistance,
  type Overlooked,
  POLICIES,
  WRITERS,
  writeText,
} from './experiment.js';
import { COIN_RULES, cutAfterSeeing, neverRewound, rewoundOff } from './mutants.js';
import { type CoinRule, roundLaw } from './round-law.js';
import { textLaw, totalVariation, type Writer } from './text-law.js';

/** Exact laws of right implementations are within 1e-9 of the target's: this is far outside. */
const WRONG = 1e-4;

describe('the exact law of a round', () => {
  const target: Writer = { model: tabularModel({ vocabulary: 3, seed: 1 }), sampling: { penalty: 1 }, prompt: [1, 0] };
  const other: Writer = { ...target, model: tabularModel({ vocabulary: 3, seed: 2 }), sampling: {} };
  const distance = async (rule: CoinRule): Promise<number> =>
    totalVariation((await roundLaw(rule, target, other, 2)).texts, textLaw(target, 3));

  it.each(['token', 'block'] as const)('is right for the rule that the mutants of %s were made of', async (rule) => {
    expect(await distance(COIN_RULES[rule])).toBeLessThan(1e-9);
    const real = rule === 'token' ? verifyByRejection : verifyByBlock;
    expect((await roundLaw(COIN_RULES[rule], target, other, 2)).accepted).toBeCloseTo(
      (await roundLaw(real, target, other, 2)).accepted,
      9,
    );
  });

  it.each([
    'token, the target drawn from after a rejection',
    'token, no coin',
    'block, a break at the first failure',
    'block, the residual without the weight',
  ] as const)('is wrong for %s', async (mutant) => {
    expect(await distance(COIN_RULES[mutant])).toBeGreaterThan(WRONG);
  });
});

const binary: Experiment = {
  rule: 'rejection',
  writer: WRITERS.binary,
  drafter: DRAFTERS['a different model'],
  policy: POLICIES['fixed 3']!,
};

describe('the exact law of a text', () => {
  it.each(['rejection', 'block'] as const)(
    'under %s is wrong where the target keeps a rejected token',
    async (rule) => {
      expect(await lawDistance({ ...binary, rule, tamper: { target: (of) => rewoundOff(of, 1) } })).toBeGreaterThan(
        WRONG,
      );
    },
  );

  it.each(['rejection', 'block'] as const)('under %s is wrong where it drops an accepted token', async (rule) => {
    expect(await lawDistance({ ...binary, rule, tamper: { target: (of) => rewoundOff(of, -1) } })).toBeGreaterThan(
      WRONG,
    );
  });

  it('is wrong where block verification leaves the draft in the history of the sampler', async () => {
    expect(await lawDistance({ ...binary, rule: 'block', tamper: { sampler: neverRewound } })).toBeGreaterThan(WRONG);
  });

  it.each(['rejection', 'block'] as const)('under %s is wrong where doubts cut what was drawn', async (rule) => {
    const drafter = (of: Ingredients): Overlooked => {
      const { drafter, last } = DRAFTERS['a different model'](of);
      return { drafter: cutAfterSeeing(drafter), last };
    };
    const policy = POLICIES['confidence 0.6, at least 1']!;
    expect(await lawDistance({ ...binary, rule, policy, drafter })).toBeGreaterThan(WRONG);
  });
});

describe('the counterexample of algorithms.md 2.3: p = (.5, .5), q = (.8, .2), a draft of b is dropped', () => {
  const certain = (...law: number[]): TabularModel => ({
    vocabulary: 2,
    logits: () => Float32Array.from(law, Math.log),
  });

  async function probabilityOfA(tamper: (drafter: Overlooked['drafter']) => Overlooked['drafter']): Promise<number> {
    const writer: Writer = { model: certain(0.5, 0.5), sampling: {}, prompt: [0] };
    const experiment: Experiment = {
      rule: 'rejection',
      writer,
      drafter: ({ noise, random }) => {
        const options = { name: 'draft', sampler: new SoftmaxSampler({}), noise, random, isEnd: () => false };
        const drafter = new ModelDrafter({ ...options, ...UNTIMED, sequence: new TabularSequence(certain(0.8, 0.2)) });
        return { drafter: tamper(drafter), last: () => undefined };
      },
      policy: byLength(() => confidenceCut({ min: 0, max: 1, minConfidence: 0.5 })),
    };
    const law = await integrateCoins(async (random) => {
      const { text, rounds } = await writeText(experiment, positionNoise(0), random, { shown: 2, limit: 3 });
      return `${text[1]} ${JSON.stringify(rounds)}`;
    });
    let probability = 0;
    for (const [outcome, mass] of law) if (outcome.startsWith('0')) probability += mass;
    return probability;
  }

  it('the mutant says a with .60, the loop with .50', async () => {
    expect(await probabilityOfA(cutAfterSeeing)).toBeCloseTo(0.6, 6);
    expect(await probabilityOfA((drafter) => drafter)).toBeCloseTo(0.5, 6);
  });
});

describe('a history of the draft that is never rewound', () => {
  /** How many of the judged draft tokens a target accepts that drafts for itself, under a penalty. */
  async function acceptance(tamper: (sampler: Sampler) => Sampler): Promise<number> {
    let [accepted, judged] = [0, 0];
    const experiment: Experiment = {
      rule: 'match',
      writer: WRITERS.penalised,
      drafter: ({ writer, noise, random }) => {
        const sampler = tamper(new SoftmaxSampler(writer.sampling));
        const sequence = new TabularSequence(writer.model);
        const drafter = new ModelDrafter({
          name: 'draft',
          sequence,
          sampler,
          noise,
          random,
          isEnd: () => false,
          ...UNTIMED,
        });
        return { drafter, last: () => undefined };
      },
      // The loop keeps one token of three: the other two have to leave the history.
      policy: byLength(() => ({
        name: 'drops two',
        begin: () => ({ wants: ({ length }) => length < 3, admits: () => true, keep: () => 1 }),
        observe: () => {},
      })),
    };
    for (let seed = 0; seed < 50; seed++) {
      const lengths = { shown: 12, limit: 16 };
      const { rounds } = await writeText(experiment, positionNoise(seed), sequentialRandom(1), lengths);
      for (const { draft, ...round } of rounds) {
        judged += draft.tokens.length;
        accepted += round.accepted;
      }
    }
    return accepted / judged;
  }

  // The law is kept, since under every rule q may be anything: what suffers is the acceptance.
  it('makes a model disagree with itself', async () => {
    expect(await acceptance((sampler) => sampler)).toBe(1);
    expect(await acceptance(neverRewound)).toBeLessThan(0.9);
  });
});

describe('many texts', () => {
  const experiment: Experiment = {
    rule: 'match',
    writer: WRITERS.penalised,
    drafter: DRAFTERS['a different model'],
    policy: POLICIES['fixed 3']!,
  };

  it.each(['match', 'rejection', 'block'] as const)(
    'under %s show a target that is rewound by one less',
    async (rule) => {
      expect(
        await lawDeviate({ ...experiment, rule, tamper: { target: (of) => rewoundOff(of, 1) } }, 2000),
      ).toBeGreaterThan(8);
    },
  );

  it.each(['match', 'rejection', 'block'] as const)(
    'under %s show a target that is rewound by one more',
    async (rule) => {
      expect(
        await lawDeviate({ ...experiment, rule, tamper: { target: (of) => rewoundOff(of, -1) } }, 2000),
      ).toBeGreaterThan(8);
    },
  );
});
