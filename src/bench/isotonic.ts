/** An observation: at `x` something came out as `y`. */
export interface Observation {
  readonly x: number;
  readonly y: number;
}

interface Block {
  readonly from: number;
  sum: number;
  count: number;
}

/**
 * The ascending step function that is nearest to the observations in squared distance: isotonic regression by pooling
 * adjacent violators (Ayer et al. 1955). Between two steps the lower one holds, outside the nearest; without
 * observations it is zero.
 */
export function isotonic(observations: readonly Observation[]): (x: number) => number {
  const blocks: Block[] = [];
  for (const { x, y } of observations.toSorted((a, b) => a.x - b.x)) {
    const last = blocks.at(-1);
    if (last !== undefined && last.from === x) {
      last.sum += y;
      last.count += 1;
    } else blocks.push({ from: x, sum: y, count: 1 });
  }
  const steps = pooled(blocks);
  return (x) => {
    const above = steps.findIndex(({ from }) => from > x);
    const step = steps.at(above < 0 ? -1 : Math.max(0, above - 1));
    return step === undefined ? 0 : step.sum / step.count;
  };
}

/** Merges neighbours until the means ascend. */
function pooled(blocks: readonly Block[]): Block[] {
  const steps: Block[] = [];
  for (const block of blocks) {
    let { from, sum, count } = block;
    for (let last = steps.at(-1); last !== undefined && last.sum / last.count >= sum / count; last = steps.at(-1)) {
      from = last.from;
      sum += last.sum;
      count += last.count;
      steps.pop();
    }
    steps.push({ from, sum, count });
  }
  return steps;
}
