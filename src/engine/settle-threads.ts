import type { LoadedModel } from './loaded-model.js';
import { type CostMeasurement, measureCosts } from './measure-costs.js';

/** Larger models are not tried: a pass on one thread would take too long, and waiting weighs less in it. */
const LARGEST_BYTES = 2 ** 30;
/** One thread must be this much quicker: noise is not a busy machine, which slows spinning threads a hundred times. */
const CLEARLY = 4;

/**
 * ggml's threads wait for each other by spinning. Where other programs use the cores, each waits for one that the system
 * has put to sleep, and a pass takes a hundred times longer than on one thread alone. This tries both and keeps one
 * thread where that is clearly quicker; `context.threads` says what came of it.
 */
export async function settleThreads(
  { context, model }: LoadedModel,
  measurement: Omit<CostMeasurement, 'rowCounts' | 'budgetMs'>,
): Promise<void> {
  const { threads } = context;
  if (threads === 1 || model.sizeBytes > LARGEST_BYTES) return;
  const time = async (): Promise<number> =>
    (await measureCosts({ ...measurement, rowCounts: [1], budgetMs: 30 }))[0]!.ms;
  const together = await time();
  context.setThreads(1);
  if (together <= CLEARLY * (await time())) context.setThreads(threads);
}
