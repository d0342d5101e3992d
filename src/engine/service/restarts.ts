import { backoffMs } from './backoff.js';

/** An engine that was ready for so many milliseconds has nothing to do with the deaths before it. */
const STABLE_MS = 60_000;

/** Starts in a row that may fail before the engine counts as lost: by default 25 s of waiting, beside the loads. */
const MOST_FAILED_STARTS = 8;

export interface RestartsOptions {
  /** Milliseconds before the n-th start in a row (from 1) in which no token came; default: doubling, from 0.1 to 30 s. */
  readonly backoff?: (attempt: number) => number;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
}

/** When an engine that died is started again, and when it is given up. */
export class Restarts {
  readonly #options: RestartsOptions;
  #count = 0;
  /** Deaths in a row without a new token, and starts in a row that did not become an engine. */
  #vainDeaths = 0;
  #failedStarts = 0;
  #readyAt: number | undefined;

  constructor(options: RestartsOptions) {
    this.#options = options;
  }

  /** So far. */
  get count(): number {
    return this.#count;
  }

  /** The engine that was started is loaded. */
  ready(): void {
    this.#failedStarts = 0;
    this.#readyAt = this.#options.now();
  }

  /** A request got a token. */
  progressed(): void {
    this.#vainDeaths = 0;
  }

  /**
   * The engine died, whether it was ready or not.
   * @returns milliseconds to wait before it is started again; undefined where it is lost
   */
  died(): number | undefined {
    const { backoff = backoffMs, now } = this.#options;
    if (this.#readyAt === undefined) this.#failedStarts += 1;
    else if (now() - this.#readyAt > STABLE_MS) this.#vainDeaths = 0;
    this.#readyAt = undefined;
    if (this.#failedStarts >= MOST_FAILED_STARTS) return undefined;
    this.#count += 1;
    this.#vainDeaths += 1;
    return backoff(this.#vainDeaths);
  }
}
