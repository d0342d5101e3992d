import type { CostPoint } from '../speculative/index.js';
import type { Batcher } from './batcher.js';

export interface CostMeasurement {
  readonly batcher: Batcher;
  readonly vocabularySize: number;
  /** Cells that are filled before: an empty cache would flatter. */
  readonly depth: number;
  /** Row counts to time, the most telling first: a slow model is timed on two of them only. */
  readonly rowCounts: readonly number[];
  /** Rows of a pass whose logits can be read. */
  readonly outputs: number;
  /** Milliseconds after which no further pass begins, when two row counts were timed. */
  readonly budgetMs: number;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
  /** Called behind each pass. */
  readonly onPass?: () => void;
}

const REPETITIONS = 7;
const LEAST = 2;

/**
 * T(n) as the engine will pay it, through the batcher, with padding and thread hops: the least of some repetitions, since a
 * busy moment can only add to it; the row counts take turns, since a changed count makes llama.cpp build its graph anew. Costs nothing else: the sequence
 * is given back.
 */
export async function measureCosts(measurement: CostMeasurement): Promise<CostPoint[]> {
  const { batcher, vocabularySize, depth, rowCounts, outputs, budgetMs, now, onPass } = measurement;
  const widest = Math.max(...rowCounts);
  const sequence = batcher.open({ capacity: depth + widest, promptLength: depth });
  const tokens = Array.from({ length: depth + widest }, (_, i) => (i * 7919 + 17) % vocabularySize);
  const times = rowCounts.map((): number[] => []);
  const pass = async (rows: number): Promise<void> => {
    await sequence.evaluate(tokens.slice(depth, depth + rows), Math.min(rows, outputs), () => {});
    sequence.rewind(depth);
    onPass?.();
  };
  try {
    await sequence.evaluate(tokens.slice(0, depth), 1, () => {});
    onPass?.();
    // The first pass of a kind reserves what the later ones use.
    await pass(1);
    const began = now();
    for (let turn = 0; turn < REPETITIONS * rowCounts.length; turn++) {
      if (turn >= LEAST && now() - began > budgetMs) break;
      const rows = rowCounts[turn % rowCounts.length]!;
      // Plain passes come behind plain ones, drafts behind anything.
      if (rows === 1) await pass(1);
      const start = now();
      await pass(rows);
      times[turn % rowCounts.length]!.push(now() - start);
    }
    return rowCounts.flatMap((rows, i) => (times[i]!.length > 0 ? [{ rows, ms: Math.min(...times[i]!) }] : []));
  } finally {
    // The slot is as good as new.
    sequence.rewind(0);
    sequence.close();
  }
}
