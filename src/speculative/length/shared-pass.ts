/** Other requests that are answered by the same passes of a model, and their rows in one. */
export interface Others {
  readonly requests: number;
  readonly rows: number;
}

/** Those that were in a pass with a request; of an evaluation that took several passes, the sums of all. */
export interface Companions extends Others {
  /** Rows of prompts that rode along. */
  readonly promptRows: number;
  /** Milliseconds that the request waited for it: for others' passes, for a draft of theirs, for the cores. */
  readonly waitedMs: number;
}

/** Who shares the passes of a model with a request. */
export interface Company {
  /** Who is to be reckoned with in the next pass. */
  expected(): Others;
  /** Who was in the request's last one. */
  inLastPass(): Companions;
}

const NO_COMPANIONS: Companions = { requests: 0, rows: 0, promptRows: 0, waitedMs: 0 };

/** Of a request that has all passes to itself. */
export const ALONE: Company = { expected: () => NO_COMPANIONS, inLastPass: () => NO_COMPANIONS };

/**
 * A pass of several requests, as one of them sees it that may draft. Requests that draft by the same rule and learn the same
 * do about the same, so a length is judged by what it would cost if all of them took it: one alone would pay for a step of
 * T(n) that they take together, and none would begin (algorithms.md 8 has all of them decide at once).
 */
export class SharedPass {
  readonly #others: Others;
  readonly #drafting: number;

  /** @param drafting requests that may draft, this one among them */
  constructor(others: Others, drafting: number) {
    this.#others = others;
    this.#drafting = Math.max(1, Math.min(drafting, 1 + others.requests));
  }

  /** All of them. */
  get requests(): number {
    return 1 + this.#others.requests;
  }

  /** Requests whose time one that drafts has to earn: its own, and its part of those that cannot draft. */
  get share(): number {
    return this.requests / this.#drafting;
  }

  /** Rows of the pass where every request that may draft has so many. */
  rowsIfAllHave(rows: number): number {
    return this.requests + this.#drafting * (rows - 1);
  }

  /** Rows of the pass where this request has so many and the others what they had lately. */
  rowsWith(rows: number): number {
    return rows + this.#others.rows;
  }

  /** Whether the same lengths cost the same in both. */
  equals({ requests, share }: SharedPass): boolean {
    return this.requests === requests && this.share === share;
  }
}
