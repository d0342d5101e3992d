import type { Row } from '../../speculative/index.js';
import { mix } from './fake-law.js';

/** Where in which pass a row was computed: all that rounding may depend on. */
export interface RowShape {
  /** Rows of the pass, and of this row's sequence in it. */
  readonly passRows: number;
  readonly rows: number;
  /** This row's place among those of its sequence. */
  readonly index: number;
  readonly sequences: number;
  /** Cells before this row. */
  readonly depth: number;
}

/** Rows of one class have the same bits; class 0 is exact. The cells of a row keep its class for all later rows. */
export type Rounding = (shape: RowShape) => number;

/** How kernels round, after what was measured (kernels.md 3). */
export const ROUNDING = {
  exact: () => 0,
  /** q8_0 and its like: one row deep in the cache goes another way than several, and 64 go another way again. */
  loneRows: ({ rows, passRows, depth }) => (passRows >= 64 ? 64 : rows === 1 && depth >= 512 ? 1 : 0),
  /** Repacked K-quants: rows are computed four at a time, those left over by themselves. */
  fours: ({ rows, passRows, index }) => (passRows >= 64 ? 64 : index >= rows - (rows % 4) ? 1 : 0),
  /** Whoever else is in the pass changes the bits. */
  neighbours: ({ rows, sequences }) => (rows === 1 ? 1 : 0) + 2 * (sequences - 1),
  /** Every count of rows has bits of its own. */
  everyCount: ({ passRows }) => passRows,
} as const satisfies Record<string, Rounding>;

/** The class of a cell and of all cells before it, as one number; 0 while all were exact. */
export function taint(before: number, roundingClass: number): number {
  return before === 0 && roundingClass === 0 ? 0 : mix(Math.imul(before, 0x2c1b3c6d) ^ (roundingClass + 1));
}

/** Changes the logits of a tainted row by up to `size`. */
export function round(row: Row, rowTaint: number, size: number): void {
  if (rowTaint === 0) return;
  for (let i = 0; i < row.length; i++) row[i]! += (size * mix(rowTaint ^ Math.imul(i + 1, 0xcc9e2d51))) / 2 ** 31;
}
