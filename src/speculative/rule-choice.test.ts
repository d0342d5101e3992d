import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Distribution } from './distribution.js';
import type { Draft } from './drafter.js';
import { drawShared, positionNoise, sequentialRandom } from './random.js';
import { always, coupling, MeasuredRule, overlap } from './rule-choice.js';
import type { Verification } from './verify.js';

const match: Verification = { rule: 'match', noise: positionNoise(1) };
const block: Verification = { rule: 'block', random: sequentialRandom(1) };

/** Laws over up to 6 tokens, each of which may lack some of the other's. */
const laws = fc
  .uniqueArray(fc.record({ id: fc.nat(5), weight: fc.double({ min: 0.01, max: 1, noNaN: true }) }), {
    minLength: 1,
    selector: ({ id }) => id,
  })
  .map((entries): Distribution => {
    const sum = entries.reduce((total, { weight }) => total + weight, 0);
    return { ids: entries.map(({ id }) => id), probabilities: entries.map(({ weight }) => weight / sum) };
  });

const dense = ({ ids, probabilities }: Distribution): number[] => {
  const all = Array<number>(6).fill(0);
  Array.from(ids).forEach((id, i) => {
    all[id] = Array.from(probabilities)[i]!;
  });
  return all;
};

/** The sums as they are written. */
function bySums(p: readonly number[], q: readonly number[]): { overlap: number; coupling: number } {
  const both = p.flatMap((_, x) => (p[x]! > 0 && q[x]! > 0 ? [x] : []));
  const shared = (x: number) => p.reduce((sum, _, z) => sum + Math.max(p[z]! / p[x]!, q[z]! / q[x]!), 0);
  return {
    overlap: p.reduce((sum, _, x) => sum + Math.min(p[x]!, q[x]!), 0),
    coupling: both.reduce((sum, x) => sum + 1 / shared(x), 0),
  };
}

it('overlap and coupling are the sums that define them, whatever the order of the laws', () => {
  fc.assert(
    fc.property(laws, laws, (p, q) => {
      const expected = bySums(dense(p), dense(q));
      expect(overlap(p, q)).toBeCloseTo(expected.overlap, 9);
      expect(coupling(p, q)).toBeCloseTo(expected.coupling, 9);
      expect(coupling(p, q)).toBeLessThanOrEqual(overlap(p, q) + 1e-9);
    }),
    { seed: 1 },
  );
});

it('coupling is how often two draws that share their noise agree', () => {
  const pairs: [number[], number[]][] = [
    [
      [0.5, 0.3, 0.2],
      [0.2, 0.5, 0.3],
    ],
    [
      [0.7, 0.3, 0],
      [0.1, 0.6, 0.3],
    ],
    [
      [0.25, 0.25, 0.5],
      [0.9, 0.05, 0.05],
    ],
  ];
  const law = (weights: number[]): Distribution => {
    const ids = weights.flatMap((weight, id) => (weight > 0 ? [id] : []));
    return { ids, probabilities: ids.map((id) => weights[id]!) };
  };
  const noise = positionNoise(5);
  const positions = 20_000;
  for (const [p, q] of pairs) {
    let equal = 0;
    for (let at = 0; at < positions; at++) {
      if (drawShared(law(p), noise, at) === drawShared(law(q), noise, at)) equal += 1;
    }
    // Five standard deviations.
    expect(Math.abs(equal / positions - coupling(law(p), law(q)))).toBeLessThan(5 * Math.sqrt(0.25 / positions));
  }
});

it('takes laws of a whole vocabulary', () => {
  const whole = (shift: number): Distribution => {
    const size = 50_000;
    const ids = Array.from({ length: size }, (_, i) => (i + shift) % size);
    return { ids, probabilities: ids.map((id) => (id + 1) / ((size * (size + 1)) / 2)) };
  };
  expect(overlap(whole(0), whole(7))).toBeCloseTo(1, 6);
  expect(coupling(whole(0), whole(7))).toBeCloseTo(1, 6);
});

describe('MeasuredRule', () => {
  /** Rejection accepts .3 more of the hot pair than shared noise does; of the equal pair both accept all. */
  const hot = {
    p: { ids: [0, 1, 2, 3], probabilities: [0.4, 0.4, 0.1, 0.1] },
    q: { ids: [0, 1, 2, 3], probabilities: [0.1, 0.4, 0.4, 0.1] },
  };
  const equal = { p: hot.p, q: hot.p };

  function round(rule: MeasuredRule, { p, q }: { p: Distribution; q: Distribution | undefined }, accepted = 3): void {
    const draft: Draft = { tokens: [0, 0, 0], confidences: [1, 1, 1], laws: [q, q, q] };
    const judged = Math.min(4, accepted + 1);
    rule.observe(draft, { accepted, next: 0, laws: Array<Distribution>(judged).fill(p) });
  }

  const ruleAfter = (rule: MeasuredRule, rounds: number, of: { p: Distribution; q: Distribution | undefined }) => {
    for (let i = 0; i < rounds; i++) round(rule, of);
    return rule.current;
  };

  it('matches until enough was measured, rejects where that accepts more, and goes back', () => {
    expect(overlap(hot.p, hot.q) - coupling(hot.p, hot.q)).toBeGreaterThan(0.03);
    const rule = new MeasuredRule(match, block, 0);
    expect(ruleAfter(rule, 7, hot)).toBe(match);
    expect(ruleAfter(rule, 2, hot)).toBe(block);
    expect(ruleAfter(rule, 100, equal)).toBe(match);
  });

  it('stays where both accept as much', () => {
    expect(ruleAfter(new MeasuredRule(match, block, 0), 100, equal)).toBe(match);
  });

  it('measures judged positions whose law is known, and no others', () => {
    const unknown = new MeasuredRule(match, block, 0);
    expect(ruleAfter(unknown, 100, { ...hot, q: undefined })).toBe(match);
    expect(unknown.gain).toBe(0);
    const one = new MeasuredRule(match, block, 0);
    for (let i = 0; i < 23; i++) round(one, hot, 0);
    expect(one.current).toBe(match);
    expect(one.gain).toBeCloseTo(overlap(hot.p, hot.q) - coupling(hot.p, hot.q), 9);
  });

  it('lets a choice hold only behind all positions that a draft may have looked at when it was made', () => {
    const rule = new MeasuredRule(match, block, 16);
    ruleAfter(rule, 8, hot);
    // Made at token 32: good from 48 on, also though the measurements say otherwise by then.
    expect(ruleAfter(rule, 3, equal)).toBe(match);
    expect(ruleAfter(rule, 1, equal)).toBe(block);
  });

  it('does not take a choice back before it holds', () => {
    const rule = new MeasuredRule(match, block, 400);
    ruleAfter(rule, 8, hot);
    expect(ruleAfter(rule, 99, equal)).toBe(match);
    expect(rule.gain).toBeLessThan(0.03);
    expect(ruleAfter(rule, 1, equal)).toBe(block);
    expect(ruleAfter(rule, 100, equal)).toBe(match);
  });
});

it('always the same rule, whatever it accepts', () => {
  expect(always(block).current).toBe(block);
});
