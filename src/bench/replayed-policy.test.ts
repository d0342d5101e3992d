import { describe, expect, test } from 'vitest';
import { CostCurve, Knowledge } from '../speculative/index.js';
import { policySpeedup, type ReplayedWorkload } from './replayed-policy.js';

const NAME = 'draft';
const T1 = 10;
const TARGET = [1, 2, 4, 8, 17].map((rows) => ({ rows, ms: T1 + rows - 1 }));
const DRAFT = [1, 32].map((rows) => ({ rows, ms: 1 + 0.1 * rows }));
const LENGTH = 150;

/** Texts without repetition, of which the draft always has `matched` tokens right. */
function workload(matched: number, more: Partial<ReplayedWorkload> = {}): ReplayedWorkload {
  const tokens = Array.from({ length: LENGTH }, (_, i) => 100 + i);
  const confidences = Array.from({ length: 16 }, (_, i) => (i < matched ? 0.99 : 0.3));
  const draft = { drafter: NAME, matched, confidences };
  const text = { prompt: [1, 2, 3, 4], tokens, drafts: tokens.map((_, i) => (i === 0 ? undefined : draft)) };
  // What the engine believed while it loaded is another matter than what was measured.
  const knowledge = new Knowledge({ costs: { points: [{ rows: 1, ms: 1 }], wayBack: 5 } });
  knowledge.learnDraftCosts(NAME, new CostCurve({ points: [{ rows: 1, ms: 100 }] }));
  return {
    texts: [text, text],
    learnt: knowledge.toJSON(),
    target: new CostCurve({ points: TARGET }),
    draft: { name: NAME, costs: new CostCurve({ points: DRAFT }) },
    kind: 'warmth 0',
    promptMs: 0,
    signal: undefined,
    ...more,
  };
}

describe('the policy by itself', () => {
  test('gains where the draft is right, by what was measured and not by what was believed', async () => {
    expect(await policySpeedup(workload(16))).toBeGreaterThan(2.5);
    const hopeless = await policySpeedup(workload(0));
    expect(hopeless).toBeGreaterThan(0.9);
    expect(hopeless).toBeLessThanOrEqual(1);
  });

  test('counts the prompts, which nobody can save', async () => {
    const bare = await policySpeedup(workload(16));
    const plainMs = 2 * (LENGTH - 1) * T1;
    expect(await policySpeedup(workload(16, { promptMs: 1000 }))).toBeCloseTo(
      (1000 + plainMs) / (1000 + plainMs / bare),
      6,
    );
  });

  test('leaves alone what it is given', async () => {
    const given = workload(16);
    const before = JSON.stringify(given);
    const speedup = await policySpeedup(given);
    expect(JSON.stringify(given)).toBe(before);
    expect(await policySpeedup(given)).toBe(speedup);
  });

  test('ends when it is told to, also while it runs', async () => {
    const abort = new AbortController();
    const ended = policySpeedup(workload(16, { signal: abort.signal }));
    setImmediate(() => abort.abort());
    await expect(ended).rejects.toThrow(/abort/i);
  });
});
