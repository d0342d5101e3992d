/** A pass that has begun and not ended. */
export interface PassUnderWay {
  /** Counts the passes of a model: the next one has another. */
  readonly number: number;
  /** 0: cells are saved, restored or copied. */
  readonly rows: number;
  /** What such a pass may take, judged by those before it; longer, and something is wrong with it. Milliseconds. */
  readonly allowedMs: number;
}

/** A busy machine, a deeper context or weights that come from the disk again slow a pass down, but not by more. */
const SLOWEST = 20;
/** A row of a pass of which none was seen, in milliseconds: a model of 400 B parameters on a few cores. */
const UNSEEN_ROW_MS = 5_000;

/** Times the passes of a model, to tell one that hangs from one that is slow, and a long one from a short one. */
export class PassClock {
  readonly #now: () => number;
  /** Milliseconds of the longest pass, by its rows as a power of two. */
  readonly #longest = new Map<number, number>();
  #number = 0;
  #running: { readonly rows: number; readonly since: number } | undefined;

  /** @param now milliseconds of a steady clock */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Milliseconds of the longest pass of about so many rows; `undefined` where none was seen. */
  longest(rows: number): number | undefined {
    return this.#longest.get(sizeOf(rows));
  }

  get underWay(): PassUnderWay | undefined {
    if (this.#running === undefined) return undefined;
    const { rows } = this.#running;
    const longest = this.longest(rows);
    const allowedMs = longest === undefined ? rows * UNSEEN_ROW_MS : SLOWEST * longest;
    return { number: this.#number, rows, allowedMs };
  }

  begin(rows: number): void {
    this.#number += 1;
    this.#running = { rows, since: this.#now() };
  }

  /** However it ended; nothing where none is under way. */
  end(): void {
    if (this.#running === undefined) return;
    const size = sizeOf(this.#running.rows);
    const took = this.#now() - this.#running.since;
    this.#longest.set(size, Math.max(took, this.#longest.get(size) ?? 0));
    this.#running = undefined;
  }
}

function sizeOf(rows: number): number {
  return Math.ceil(Math.log2(rows + 1));
}
