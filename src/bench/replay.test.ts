import { describe, expect, test } from 'vitest';
import { CostCurve, Knowledge, type Round } from '../speculative/index.js';
import { oracleOf } from './oracle.js';
import { type Replay, type ReplayedText, replay } from './replay.js';

const NAME = 'draft';
const TARGET = [1, 2, 4, 8, 17].map((rows) => ({ rows, ms: 10 + 2 * (rows - 1) }));
const DRAFT = [1, 32].map((rows) => ({ rows, ms: 1 + 0.1 * rows }));

/** A text without repetition; at each position the draft has `matched` tokens of it right, of 16. */
function textOf(length: number, matched: (position: number) => number, confidence: (right: boolean) => number) {
  const prompt = [1, 2, 3, 4];
  const tokens = Array.from({ length }, (_, i) => 100 + i);
  const drafts = tokens.map((_, position) => {
    if (position === 0) return undefined;
    const right = matched(position);
    return { drafter: NAME, matched: right, confidences: Array.from({ length: 16 }, (_, i) => confidence(i < right)) };
  });
  return { prompt, tokens, drafts } satisfies ReplayedText;
}

function planOf(more: Partial<Replay> = {}): Replay {
  const knowledge = new Knowledge({ costs: { points: TARGET } });
  knowledge.learnDraftCosts(NAME, new CostCurve({ points: DRAFT }));
  const target = new CostCurve({ points: TARGET });
  const draft = { name: NAME, costs: new CostCurve({ points: DRAFT }) };
  return { knowledge, target, draft, kind: 'warmth 0', max: 16, noise: () => 1, ...more };
}

const sure = (right: boolean): number => (right ? 0.99 : 0.3);

describe('a text that is written once more', () => {
  test('takes what its passes take, and is the text whatever is drafted', async () => {
    const rounds: Round[] = [];
    const text = textOf(200, (position) => position % 7, sure);
    const { ms, plainMs, drafted, accepted } = await replay(text, planOf({ onRound: (round) => rounds.push(round) }));
    expect(rounds.flatMap(({ tokens }) => tokens)).toEqual(text.tokens);
    const [, ...rest] = rounds;
    expect(ms).toBeCloseTo(
      rest.reduce((sum, round) => sum + round.draftMs + round.verifyMs, 0),
      6,
    );
    expect(plainMs).toBeCloseTo(199 * 10, 6);
    expect(accepted).toBeGreaterThan(0);
    expect(drafted).toBeGreaterThan(accepted);
  });

  test('is fast where the draft is right, and slower by the guards alone where it never is', async () => {
    const good = await replay(
      textOf(400, () => 16, sure),
      planOf(),
    );
    expect(good.plainMs / good.ms).toBeGreaterThan(2.5);
    const plan = planOf();
    await replay(
      textOf(400, () => 0, sure),
      plan,
    );
    const hopeless = await replay(
      textOf(400, () => 0, sure),
      plan,
    );
    expect(hopeless.plainMs / hopeless.ms).toBeGreaterThan(0.95);
    expect(hopeless.plainMs / hopeless.ms).toBeLessThanOrEqual(1);
  });

  test('comes near to the oracle’s time where every confidence tells the truth', async () => {
    const text = textOf(400, (position) => (position % 40 < 30 ? 30 - (position % 40) : 0), sure);
    const plan = planOf();
    const { ms, plainMs } = await replay(text, plan);
    const { oracle } = oracleOf({
      traces: [{ promptTokens: 4, drafts: text.drafts.map((draft) => (draft ? [draft] : [])) }],
      costs: { target: (rows) => plan.target.at(rows, 0), draft: () => plan.draft.costs.at(1, 0) },
      promptMs: 0,
      speedup: 1,
    });
    expect(plainMs / ms / oracle).toBeGreaterThan(0.8);
    expect(plainMs / ms / oracle).toBeLessThan(1.02);
  });

  test('goes on learning from text to text, and takes longer where passes do', async () => {
    const text = textOf(200, () => 16, sure);
    const plan = planOf();
    const cold = await replay(text, plan);
    const warm = await replay(text, plan);
    expect(warm.ms).toBeLessThan(cold.ms);
    const slow = await replay(text, planOf({ noise: () => 2 }));
    expect(slow.ms).toBeGreaterThan(1.9 * cold.ms * 0.9);
  });
});
