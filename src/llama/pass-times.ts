/** How much weight a new observation gets. */
const SMOOTHING = 0.2;
/** Row counts up to this have an average of their own; larger ones share one by powers of two. */
const EXACT_ROWS = 64;

/** Moving averages of what a pass costs, by its number of rows. Times in milliseconds. */
export class PassTimes {
  readonly #averages: number[] = [];

  /** `undefined` before the first observation of a pass of about that many rows. */
  predict(rows: number): number | undefined {
    return this.#averages[bucket(rows)];
  }

  observe(rows: number, milliseconds: number): void {
    const at = bucket(rows);
    const average = this.#averages[at];
    this.#averages[at] = average === undefined ? milliseconds : average + SMOOTHING * (milliseconds - average);
  }
}

function bucket(rows: number): number {
  return rows <= EXACT_ROWS ? rows : EXACT_ROWS + Math.ceil(Math.log2(rows / EXACT_ROWS));
}
