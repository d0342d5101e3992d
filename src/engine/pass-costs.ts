import type { CostCurve, CostPoint } from '../speculative/index.js';
import type { LoadedModels } from './load.js';

/** What passes of the loaded models take: measured at load, and corrected by every pass since. */
export interface PassCosts {
  readonly target: ModelPassCosts;
  /** By the draft's name. */
  readonly drafts: Readonly<Record<string, ModelPassCosts>>;
}

/** T(n), algorithms.md 2.3. */
export interface ModelPassCosts {
  /** Milliseconds of a pass of so many rows near the beginning of a context; ascending in rows, linear between points. */
  readonly points: readonly CostPoint[];
  /** From each of these context depths on, all passes take `factor` times what the points say. The first is 0. */
  readonly depths: readonly { readonly from: number; readonly factor: number }[];
}

export function passCostsOf({ drafts, learnt: { knowledge } }: LoadedModels): PassCosts {
  const known = drafts.flatMap(({ name }) => {
    const curve = knowledge.draftCostsOf(name);
    return curve === undefined ? [] : [[name, costsOf(curve)] as const];
  });
  return { target: costsOf(knowledge.costs), drafts: Object.fromEntries(known) };
}

function costsOf(curve: CostCurve): ModelPassCosts {
  return { points: curve.toJSON().points, depths: curve.depths };
}
