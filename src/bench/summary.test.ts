import { describe, expect, test } from 'vitest';
import { summarisePlain, summarisePolicy } from './summary.js';
import type { RoundRecord, WorkloadRun } from './workload-run.js';

function round(drafted: number, accepted: number, dropped = 0): RoundRecord {
  const draft = { tokens: Array(drafted).fill(0), confidences: Array(drafted).fill(0.5) };
  const origin = drafted === 0 ? 'plain' : accepted === drafted ? 'bonus' : 'recovered';
  return { index: 1, draft, accepted, dropped, origin, draftMs: 1, verifyMs: 2 };
}

function run(ms: number, rounds: readonly RoundRecord[] = []): WorkloadRun {
  const tokens = Array(10).fill(0);
  return { ms, firstTokenMs: ms / 10, texts: [{ prompt: [1, 2], tokens }], rounds };
}

describe('what is made of the runs', () => {
  test('plain: the speed of the median run, and every first token', () => {
    const summary = summarisePlain({ cold: run(500), warm: [run(100), run(400), run(200)] });
    expect(summary).toEqual({ ms: [100, 400, 200], tokensPerSecond: 50, firstTokenMs: [10, 40, 20] });
  });

  test('a policy: the median of the paired speed-ups, not the speed-up of the medians', () => {
    const plain = { cold: run(900), warm: [run(100), run(400), run(200)] };
    const summary = summarisePolicy({ cold: run(300), warm: [run(100), run(100), run(100)] }, plain);
    expect(summary.speedup).toBe(2);
    expect(summary.interval).toEqual([1, 4]);
    expect(summary.cold).toEqual({ ms: 300, speedup: 3 });
  });

  test('a policy: what became of its drafts, over all repetitions, and the lengths of the last', () => {
    const warm = [run(1, [round(0, 0), round(3, 3)]), run(1, [round(2, 1, 1)])];
    const summary = summarisePolicy({ cold: run(1), warm }, { cold: run(1), warm: [run(1), run(1)] });
    expect(summary).toMatchObject({ drafted: 6, acceptanceRate: 0.8, draftMs: 3, verifyMs: 6, lengths: [2] });
    expect(summary.tokensPerRound).toBeCloseTo(7 / 3);
  });
});
