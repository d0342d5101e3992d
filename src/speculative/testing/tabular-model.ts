import type { Token } from '../distribution.js';
import { sequentialRandom } from '../random.js';
import type { Row } from '../sequence.js';

/** A model small enough to enumerate: its logits are a fixed, irregular function of the last `order` tokens. */
export interface TabularModel {
  readonly vocabulary: number;
  /** The logits of the token that follows `prefix`: an entry of the table, not to be changed. */
  logits(prefix: readonly Token[]): Row;
}

export interface TabularModelOptions {
  readonly vocabulary: number;
  /** Two models of different seeds have nothing in common. */
  readonly seed: number;
  /** Logits are uniform in [0, spread]. */
  readonly spread?: number;
  readonly order?: number;
}

export function tabularModel({ vocabulary, seed, spread = 2, order = 3 }: TabularModelOptions): TabularModel {
  const table = new Map<number, Row>();
  return {
    vocabulary,
    logits(prefix) {
      let key = 0;
      for (const token of prefix.slice(-order)) key = key * (vocabulary + 1) + token + 1;
      let row = table.get(key);
      if (row === undefined) {
        const random = sequentialRandom(seed * 1_000_003 + key);
        row = Float32Array.from({ length: vocabulary }, () => spread * random());
        table.set(key, row);
      }
      return row;
    },
  };
}
