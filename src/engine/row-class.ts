/**
 * Which passes compute a row with the same bits, whatever else is in the batch (kernels.md 3). Plain decoding has one
 * row, verification several, and the kernels walk other ways for them: sums come in another order and differ in the last
 * bits. `--strict` keeps every generated token, in plain and speculative decoding alike, within one class.
 */
export type RowClass =
  /** Rows as they come: equal in law, equal in bits only by luck. */
  | { readonly kind: 'free' }
  | {
      readonly kind: 'strict';
      /** Rows of a sequence in a batch: at least 2 and a multiple of this, padded with rows of the same sequence. */
      readonly multiple: number;
      /** Sequences of a batch: whether several, with as many rows each, leave each other's bits alone. */
      readonly sequences: 'together' | 'alone';
    };

/** A batch of 64 rows and more takes other kernels; what a strict batch may have at most. */
export const STRICT_ROWS = 48;

/** Borders of prompt chunks in strict passes, so that a prompt is cut in the same places every time. */
export const STRICT_CHUNK = 256;

/** Rows of a strict sequence for `wanted` ones. */
export function paddedRows(wanted: number, multiple: number): number {
  return Math.ceil(Math.max(wanted, 2) / multiple) * multiple;
}
