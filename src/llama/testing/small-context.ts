import type { ContextOptions } from '../../engine/backend.js';

/** Two short sequences on one thread: enough for what tests of contexts look at. */
export const OPTIONS: ContextOptions = {
  tokensPerSequence: 512,
  sequences: 2,
  batch: 64,
  outputs: 64,
  microBatch: 64,
  threads: 1,
};

/** What `work` throws; `undefined` for nothing. */
export async function refusal(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  return undefined;
}
