/** GET /api/outrider/costs: T(n), what passes of n rows take. */

export interface PassCosts {
  readonly target: ModelPassCosts;
  /** By the draft's name. */
  readonly drafts: Readonly<Record<string, ModelPassCosts>>;
}

export interface ModelPassCosts {
  /** Milliseconds near the beginning of a context, ascending in rows, linear between points. */
  readonly points: readonly { readonly rows: number; readonly ms: number }[];
  /** From each of these context depths on, passes take `factor` times as long. The first is 0. */
  readonly depths: readonly { readonly from: number; readonly factor: number }[];
}

/** Milliseconds of a pass of so many rows at that depth of the context; beyond the last point as steep as before it. */
export function passMs({ points, depths }: ModelPassCosts, rows: number, depth: number): number {
  const factor = depths.findLast(({ from }) => from <= depth)?.factor ?? 1;
  const above = points.findIndex((point) => point.rows >= rows);
  const high = points[above < 0 ? points.length - 1 : above]!;
  const low = points[(above < 0 ? points.length - 1 : above) - 1];
  if (low === undefined) return high.ms * factor;
  return (low.ms + ((high.ms - low.ms) * (rows - low.rows)) / (high.rows - low.rows)) * factor;
}
