/** What passes of the models cost, for the report and for the oracle. */
import type { Engine } from '../engine/index.js';
import { CostCurve, type CostPoint } from '../speculative/index.js';
import { median } from './interval.js';
import type { TraceCosts } from './oracle.js';
import type { BenchResult } from './result.js';
import type { RoundRecord } from './workload-run.js';

/** A target's passes up to the longest draft and one row more; a draft's when it drafts and when it catches up. */
const TARGET_ROWS = Array.from({ length: 17 }, (_, i) => i + 1);
const DRAFT_ROWS = [1, 2, 4, 8, 16, 32];

/** What passes cost while the workloads ran. */
export interface MeasuredCosts {
  readonly target: CostCurve;
  /** By the draft model's name. */
  readonly drafts: ReadonlyMap<string, CostCurve>;
}

/** Rounds of so many rows before their median counts for more than the engine's curve. */
const ENOUGH = 16;

/**
 * The engine's curves of its drafts, which every forward corrects, and of its target. The latter is held against the
 * rounds that ran: policies of a fixed length do not correct it, and what was measured while loading may be long past.
 */
export function measuredCosts({ models: { drafts, learnt } }: Engine, rounds: readonly RoundRecord[]): MeasuredCosts {
  const { knowledge } = learnt;
  return {
    target: correctedCurve(knowledge.costs, rounds),
    drafts: new Map(drafts.map(({ name }) => [name, copyOf(knowledge.draftCostsOf(name)!)])),
  };
}

/** The medians of the rounds, by rows; where there are too few, the curve at the level of the others. */
export function correctedCurve(curve: CostCurve, rounds: readonly RoundRecord[]): CostCurve {
  const seen = TARGET_ROWS.map((rows) => {
    const times = rounds.filter(({ index, draft }) => index > 0 && draft.tokens.length + 1 === rows);
    return times.length < ENOUGH ? undefined : median(times.map(({ verifyMs }) => verifyMs));
  });
  const ratios = seen.flatMap((ms, i) => (ms === undefined ? [] : [ms / curve.at(TARGET_ROWS[i]!, 0)]));
  if (ratios.length === 0) return copyOf(curve);
  const level = median(ratios);
  const { levels } = curve.toJSON();
  return new CostCurve({
    points: TARGET_ROWS.map((rows, i) => ({ rows, ms: seen[i] ?? level * curve.at(rows, 0) })),
    levels: levels.map((deep) => deep / levels[0]!),
  });
}

function copyOf(curve: CostCurve): CostCurve {
  return new CostCurve(curve.toJSON());
}

/** For the report: at the depth of short contexts. */
export function costTables({ target, drafts }: MeasuredCosts): BenchResult['costs'] {
  const table = (curve: CostCurve, rows: readonly number[]): CostPoint[] =>
    rows.map((count) => ({ rows: count, ms: curve.at(count, 0) }));
  return {
    target: table(target, TARGET_ROWS),
    drafts: Object.fromEntries([...drafts].map(([name, curve]) => [name, table(curve, DRAFT_ROWS)])),
  };
}

/** For the oracle: a drafter that is no model, such as a lookup, costs nothing. */
export function traceCosts({ target, drafts }: MeasuredCosts): TraceCosts {
  return {
    target: (rows, depth) => target.at(rows, depth),
    draft: (drafter, depth) => drafts.get(modelOf(drafter))?.at(1, depth) ?? 0,
  };
}

const AS_NOISE = ' as noise';

/** A draft model in a stretch in which its tokens are garbled: the same price, another calibration. */
export function asNoise(drafter: string): string {
  return drafter + AS_NOISE;
}

function modelOf(drafter: string): string {
  return drafter.endsWith(AS_NOISE) ? drafter.slice(0, -AS_NOISE.length) : drafter;
}
