import type { Step } from './step.js';

/** Keeps the `count` most likely tokens. */
export function topK(count: number): Step {
  return (candidates) => candidates.keepTop(count);
}
