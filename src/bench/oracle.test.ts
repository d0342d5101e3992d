import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { calibrate, leastTime, oracleOf, plainTime, type Trace, type TraceCosts, type TracedDraft } from './oracle.js';

const COSTS: TraceCosts = {
  target: (rows, depth) => [1, 1.3, 1.7, 1.8, 2.6][rows - 1]! + depth / 100,
  draft: (drafter) => (drafter === 'free' ? 0 : 0.15),
};

const tracedDraft = fc
  .record({
    drafter: fc.constantFrom('free', 'model'),
    confidences: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
    matched: fc.nat(4),
  })
  .map((draft) => ({ ...draft, matched: Math.min(draft.matched, draft.confidences.length) }));
const someTrace = fc
  .array(fc.array(tracedDraft, { maxLength: 2 }), { minLength: 1, maxLength: 6 })
  .map((drafts): Trace => ({ promptTokens: 3, drafts }));

const confidence = ({ confidences }: TracedDraft, i: number): number => confidences[i]!;

/** The same by trying everything: all ways through the text, with every outcome of every round spelled out. */
function bruteForce(trace: Trace, belief: typeof confidence, position = 1): number {
  const end = trace.drafts.length;
  if (position >= end) return 0;
  const depth = trace.promptTokens + position;
  const ways = [COSTS.target(1, depth) + bruteForce(trace, belief, position + 1)];
  for (const draft of trace.drafts[position]!) {
    for (let k = 1; k <= draft.confidences.length && position + k + 1 <= end; k++) {
      const outcomes = Array.from({ length: k + 1 }, (_, accepted) => {
        const survived = Array.from({ length: accepted }, (_, i) => belief(draft, i)).reduce((a, b) => a * b, 1);
        const probability = accepted < k ? survived * (1 - belief(draft, accepted)) : survived;
        return probability * bruteForce(trace, belief, position + accepted + 1);
      });
      const pass = k * COSTS.draft(draft.drafter, depth) + COSTS.target(k + 1, depth);
      ways.push(pass + outcomes.reduce((a, b) => a + b, 0));
    }
  }
  return Math.min(...ways);
}

describe('the oracle', () => {
  test('is what trying everything finds', () => {
    fc.assert(
      fc.property(someTrace, (trace) => {
        expect(leastTime(trace, COSTS, confidence)).toBeCloseTo(bruteForce(trace, confidence));
      }),
    );
  });

  test('without drafts decodes plainly, and never slower with them', () => {
    const bare: Trace = { promptTokens: 0, drafts: [[], [], []] };
    expect(leastTime(bare, COSTS, confidence)).toBeCloseTo(plainTime(bare, COSTS));
    expect(plainTime(bare, COSTS)).toBeCloseTo(2.03);
    fc.assert(
      fc.property(someTrace, (trace) => {
        expect(leastTime(trace, COSTS, confidence)).toBeLessThanOrEqual(plainTime(trace, COSTS) + 1e-9);
      }),
    );
  });

  test('a text of one token, or none, takes nothing behind its prompt', () => {
    expect(leastTime({ promptTokens: 5, drafts: [] }, COSTS, confidence)).toBe(0);
    expect(leastTime({ promptTokens: 5, drafts: [[]] }, COSTS, confidence)).toBe(0);
  });
});

describe('calibration', () => {
  test('learns from the tokens that match and the first that does not, by drafter', () => {
    const model = { drafter: 'model', confidences: [0.9, 0.9, 0.2, 0.9], matched: 2 };
    const belief = calibrate([model, { drafter: 'free', confidences: [0.9], matched: 0 }]);
    expect(belief(model, 0)).toBe(1);
    expect(belief(model, 2)).toBe(0);
    expect(belief({ ...model, drafter: 'free' }, 0)).toBe(0);
  });
});

describe('its speed-up', () => {
  const sure = (length: number): TracedDraft => ({
    drafter: 'free',
    confidences: Array(length).fill(0.9),
    matched: length,
  });
  const costs: TraceCosts = { target: (rows) => (rows === 1 ? 1 : 1.5), draft: () => 0 };

  test('counts the prompts, which nobody can save', () => {
    // Seven tokens: the prompt's and six more, which two rounds of three make in 3 ms instead of 6.
    const trace = { promptTokens: 2, drafts: [[], [sure(2)], [], [], [sure(2)], [], []] };
    const result = oracleOf({ traces: [trace], costs, promptMs: 2, speedup: 1.2 });
    expect(result.oracle).toBeCloseTo(8 / 5);
    expect(result.clairvoyant).toBeCloseTo(8 / 5);
    expect(result.share).toBeCloseTo(1.2 / 1.6);
    expect(result.acceptance).toEqual({ free: 1 });
  });

  test('of the clairvoyant is never below the oracle on calibrated traces of one round', () => {
    const drafts = [[], [{ drafter: 'free', confidences: [0.5], matched: 1 }], []];
    const others = [[], [{ drafter: 'free', confidences: [0.5], matched: 0 }], []];
    const traces = [drafts, others].map((one) => ({ promptTokens: 0, drafts: one }));
    const { oracle, clairvoyant } = oracleOf({ traces, costs, promptMs: 0, speedup: 1 });
    // Even odds: 1.5 + 0.5 x 1 is no better than plain 2; knowing, one of the two texts takes 1.5.
    expect(oracle).toBeCloseTo(1);
    expect(clairvoyant).toBeCloseTo(4 / 3.5);
  });
});
