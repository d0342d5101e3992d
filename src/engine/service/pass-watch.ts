import type { PassUnderWay } from '../pass-clock.js';

export interface PassWatchOptions {
  /** Milliseconds between two looks. */
  readonly tickMs: number;
  /** Milliseconds that any pass may take. */
  readonly leastMs: number;
}

/**
 * Notices a pass that does not end: it may run on a thread of its own, while the process answers every ping. Looks are
 * counted and not timed, since a machine that sleeps is no hung pass.
 */
export class PassWatch {
  readonly #options: PassWatchOptions;
  /** By model: the pass that was under way at the last look, and in how many looks it was. */
  readonly #seen = new Map<number, { readonly number: number; readonly looks: number }>();

  constructor(options: PassWatchOptions) {
    this.#options = options;
  }

  /**
   * To be called every `tickMs` with the passes of all models.
   * @returns what is wrong, in a few words, where a pass takes longer than it may
   */
  look(passes: readonly (PassUnderWay | undefined)[]): string | undefined {
    const { tickMs, leastMs } = this.#options;
    let complaint: string | undefined;
    for (const [model, pass] of passes.entries()) {
      if (pass === undefined) {
        this.#seen.delete(model);
        continue;
      }
      const before = this.#seen.get(model);
      const looks = before?.number === pass.number ? before.looks + 1 : 1;
      this.#seen.set(model, { number: pass.number, looks });
      const limitMs = Math.max(leastMs, pass.allowedMs);
      // It began somewhere between the first look and the one before that.
      if ((looks - 1) * tickMs > limitMs) complaint ??= complaintOf(pass, limitMs);
    }
    return complaint;
  }
}

function complaintOf({ rows }: PassUnderWay, limitMs: number): string {
  const what = rows === 0 ? 'saving or restoring a chat' : `a pass of ${rows} ${rows === 1 ? 'row' : 'rows'}`;
  return `${what} did not end within ${limitMs / 1000} s`;
}
