import type { ModelPassCosts } from '../../engine/pass-costs.js';

/**
 * Milliseconds that plain decoding would take by T(1) for so many tokens, a pass each, behind a context of `depth`
 * tokens. Undefined where a pass of one row was not measured.
 */
export function predictedPlainMs(
  { points, depths }: ModelPassCosts,
  depth: number,
  tokens: number,
): number | undefined {
  const single = points.find(({ rows }) => rows === 1)?.ms;
  if (single === undefined) return undefined;
  let total = 0;
  for (let at = depth; at < depth + tokens; at++) {
    total += single * (depths.findLast(({ from }) => from <= at)?.factor ?? 1);
  }
  return total;
}
