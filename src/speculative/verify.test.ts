import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Distribution, Token } from './distribution.js';
import type { Draft } from './drafter.js';
import type { Noise } from './random.js';
import type { Sampler } from './sampler.js';
import type { Row } from './sequence.js';
import { drawRuleOf, type Verification, verify, verifyByBlock, verifyByRejection } from './verify.js';

/** A sampler whose rows are the laws themselves: every probability in these tests can be read off. */
class RowSampler implements Sampler {
  readonly history: Token[];
  /** The history at each call of `law`. */
  readonly asked: Token[][] = [];

  constructor(history: readonly Token[] = [0]) {
    this.history = [...history];
  }

  get length(): number {
    return this.history.length;
  }

  law(row: Row): Distribution {
    this.asked.push([...this.history]);
    return lawOf([...row]);
  }

  push(token: Token): void {
    this.history.push(token);
  }

  rewind(length: number): void {
    this.history.length = length;
  }
}

/** Token i has the i-th probability. */
function lawOf(probabilities: readonly number[]): Distribution {
  const ids = probabilities.map((_, id) => id).filter((id) => probabilities[id]! > 0);
  return { ids, probabilities: ids.map((id) => probabilities[id]!) };
}

function draftOf(tokens: readonly Token[], laws?: readonly (readonly number[])[]): Draft {
  const draft = { tokens, confidences: tokens.map(() => 1) };
  return laws === undefined ? draft : { ...draft, laws: laws.map(lawOf) };
}

const rowsOf = (...laws: readonly number[][]): Row[] => laws.map((law) => Float32Array.from(law));

/** Throws each coin once; asking for more than there are gives NaN, which no verdict survives. */
function coins(...values: number[]): { random: () => number; left: () => number } {
  return { random: () => values.shift() ?? Number.NaN, left: () => values.length };
}

/** Makes the target draw these tokens at positions 1, 2, ... */
function noiseThatDraws(...tokens: Token[]): Noise {
  return { exponential: (position, token) => (tokens[position - 1] === token ? 1e-9 : 1), uniform: () => 0.5 };
}

const half = [0.5, 0.5];

describe('match', () => {
  const rows = rowsOf(half, half, half);
  const judge = (tokens: Token[], drawn: Token[], sampler = new RowSampler()) => ({
    ...verify(rows.slice(0, tokens.length + 1), draftOf(tokens), sampler, {
      rule: 'match',
      noise: noiseThatDraws(...drawn),
    }),
    sampler,
  });

  it('draws one token where nothing was drafted', () => {
    expect(judge([], [1])).toMatchObject({ accepted: 0, next: 1 });
  });

  it('accepts what the target draws itself, and adds its own token', () => {
    expect(judge([1, 0], [1, 0, 1])).toMatchObject({ accepted: 2, next: 1 });
  });

  it('ends at the first difference with the token of the target', () => {
    expect(judge([1, 0], [1, 1])).toMatchObject({ accepted: 1, next: 1 });
    expect(judge([1, 0], [0])).toMatchObject({ accepted: 0, next: 0 });
  });

  it('leaves the history with the accepted tokens and the next one', () => {
    expect(judge([1, 0], [1, 1]).sampler.history).toEqual([0, 1, 1]);
  });

  it('asks for laws in order, given the tokens before, and for none behind the difference', () => {
    expect(judge([1, 0], [1, 1]).sampler.asked).toEqual([[0], [0, 1]]);
    expect(judge([1, 0], [0]).sampler.asked).toEqual([[0]]);
  });

  it('is greedy verification where the law is certain', () => {
    const certain = rowsOf([0, 1], [1, 0], [0, 1]);
    const verification: Verification = { rule: 'match', noise: noiseThatDraws() };
    expect(verify(certain, draftOf([1, 0]), new RowSampler(), verification)).toMatchObject({ accepted: 2, next: 1 });
    expect(verify(certain, draftOf([1, 1]), new RowSampler(), verification)).toMatchObject({ accepted: 1, next: 0 });
  });
});

describe('rejection', () => {
  const p = [0.5, 0.25, 0.25];
  const q = [0.25, 0.5, 0.25];
  const judge = (draft: Draft, laws: number[][], ...values: number[]) => {
    const sampler = new RowSampler();
    const { random, left } = coins(...values);
    const verdict = verify(rowsOf(...laws), draft, sampler, { rule: 'rejection', random });
    return { ...verdict, sampler, left: left() };
  };

  it('accepts with probability p/q', () => {
    expect(judge(draftOf([1], [q]), [p, p], 0.499, 0)).toMatchObject({ accepted: 1, next: 0, left: 0 });
    expect(judge(draftOf([1], [q]), [p, p], 0.5, 0)).toMatchObject({ accepted: 0, next: 0, left: 0 });
  });

  it('accepts for sure what the target likes at least as well as the draft', () => {
    expect(judge(draftOf([0], [q]), [p, p], 0.999, 0.8)).toMatchObject({ accepted: 1, next: 2 });
    expect(judge(draftOf([2], [q]), [p, p], 0.999, 0.8)).toMatchObject({ accepted: 1, next: 2 });
  });

  it('never accepts what the target cannot say', () => {
    expect(judge(draftOf([1], [q]), [[0.5, 0, 0.5], p], 0, 0.99)).toMatchObject({ accepted: 0, next: 2 });
  });

  it('accepts a token whose q underflowed if the target can say it', () => {
    expect(judge(draftOf([2], [[0.5, 0.5, 0]]), [p, p], 0.999, 0)).toMatchObject({ accepted: 1, next: 0 });
  });

  it('draws from the residual after a rejection', () => {
    // p - q is positive at 0 (.25) and 3 (.125): the residual is (2/3, 0, 0, 1/3).
    const laws = [[0.5, 0.125, 0.125, 0.25], p];
    const draft = draftOf([1], [[0.25, 0.5, 0.125, 0.125]]);
    expect(judge(draft, laws, 0.9, 0.66)).toMatchObject({ accepted: 0, next: 0 });
    expect(judge(draft, laws, 0.9, 0.67)).toMatchObject({ accepted: 0, next: 3 });
  });

  it('judges in order, each token given those before, and nothing behind a rejection', () => {
    const draft = draftOf([0, 1, 2], [q, q, q]);
    const { sampler, ...verdict } = judge(draft, [p, p, p, p], 0.9, 0.9, 0);
    expect(verdict).toMatchObject({ accepted: 1, next: 0, left: 0 });
    expect(sampler.asked).toEqual([[0], [0, 0]]);
    expect(sampler.history).toEqual([0, 0, 0]);
  });

  it('takes a draft without laws as certain: p of the token accepts it, else p without it is drawn from', () => {
    expect(judge(draftOf([0]), [p, p], 0.49, 0)).toMatchObject({ accepted: 1 });
    expect(judge(draftOf([0]), [p, p], 0.51, 0.49)).toMatchObject({ accepted: 0, next: 1 });
    expect(judge(draftOf([0]), [p, p], 0.51, 0.51)).toMatchObject({ accepted: 0, next: 2 });
  });
});

describe('block', () => {
  const judge = (draft: Draft, laws: number[][], ...values: number[]) => {
    const sampler = new RowSampler();
    const { random, left } = coins(...values);
    const verdict = verify(rowsOf(...laws), draft, sampler, { rule: 'block', random });
    return { ...verdict, sampler, left: left() };
  };

  it('takes the longest prefix whose coin succeeds, also behind one that failed', () => {
    // w1 = .5/.75 = 2/3, w2 = min(1, 2/3 * .75/.5) = 1: the whole draft is always taken.
    const draft = draftOf(
      [1, 0],
      [
        [0.25, 0.75],
        [0.5, 0.5],
      ],
    );
    expect(judge(draft, [half, [0.75, 0.25], half], 0.999, 0.999, 0.6)).toMatchObject({
      accepted: 2,
      next: 1,
      left: 0,
    });
  });

  it('takes a prefix with probability Z / (Z + 1 - w)', () => {
    // w1 = 2/3, Z1 = 2/3 * 1 - 1/2 = 1/6, h1 = (1/6) / (1/6 + 1/3) = 1/3; w2 = 0.
    const draft = draftOf(
      [1, 1],
      [
        [0.25, 0.75],
        [0.5, 0.5],
      ],
    );
    expect(judge(draft, [half, [1, 0], half], 0.333, 0, 0.5)).toMatchObject({ accepted: 1, next: 0 });
    expect(judge(draft, [half, [1, 0], half], 0.334, 0, 0.5)).toMatchObject({ accepted: 0, next: 0 });
  });

  it('draws from the residual with the weight of the prefix', () => {
    // w1 = .375/.5 = 3/4; 3/4 p - q = (.125, 0, <0): always 0. Without the weight token 1 would have a third.
    const draft = draftOf(
      [0, 2],
      [
        [0.5, 0.5, 0],
        [0.25, 0.375, 0.375],
      ],
    );
    const laws = [
      [0.375, 0.625, 0],
      [0.5, 0.5, 0],
      [0.5, 0.5, 0],
    ];
    expect(judge(draft, laws, 0.3, 0.5, 0.9)).toMatchObject({ accepted: 1, next: 0 });
  });

  it('looks at every law given the draft before it, and leaves the history with what was taken', () => {
    const draft = draftOf([1, 1], [half, half]);
    const { sampler, accepted, next } = judge(draft, [half, [1, 0], half], 0.999, 0, 0);
    expect(sampler.asked).toEqual([[0], [0, 1], [0, 1, 1]]);
    expect({ accepted, next }).toEqual({ accepted: 1, next: 0 });
    expect(sampler.history).toEqual([0, 1, 0]);
  });

  it('does not revive a prefix that the target cannot say where a later q underflows', () => {
    const draft = draftOf([1, 0], [half, [0, 1]]);
    expect(judge(draft, [[1, 0], half, half], 0, 0, 0)).toMatchObject({ accepted: 0, next: 0 });
  });

  it('draws one token where nothing was drafted', () => {
    expect(judge(draftOf([], []), [half], 0.6)).toMatchObject({ accepted: 0, next: 1, left: 0 });
  });

  it('is the token rule for a draft of one token', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 16 }), { minLength: 3, maxLength: 3 });
    const laws = weights
      .filter((values) => values.some((value) => value > 0))
      .map((values) => values.map((value) => value / values.reduce((sum, each) => sum + each, 0)));
    const coin = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
    fc.assert(
      fc.property(laws, laws, fc.nat(2), coin, coin, (p, q, token, accept, draw) => {
        fc.pre(q[token]! > 0 && Math.abs(accept - Math.fround(p[token]!) / q[token]!) > 1e-9);
        const [rows, draft] = [rowsOf(p, p), draftOf([token], [q])];
        const { accepted, next } = verifyByRejection(rows, draft, new RowSampler(), coins(accept, draw).random);
        expect(verifyByBlock(rows, draft, new RowSampler(), coins(accept, draw).random)).toMatchObject({
          accepted,
          next,
        });
      }),
      { seed: 1 },
    );
  });
});

it('drafts share the noise of the target under matching only', () => {
  const random = () => 0;
  expect(drawRuleOf({ rule: 'match', noise: noiseThatDraws() })).toBe('matching');
  expect(drawRuleOf({ rule: 'rejection', random })).toBe('rejection');
  expect(drawRuleOf({ rule: 'block', random })).toBe('rejection');
});
