import { blameFor, type Death, MOST_BLAME } from './death.js';

/** A request as far as it matters who kills the engine. */
export interface Suspect {
  /** It waits inside the engine: nothing of it was evaluated as far as is known. */
  readonly isQueued: boolean;
  /** It got a token in the life of the engine that is going on. */
  readonly hasProgressed: boolean;
}

/**
 * Finds out which request kills the engine, without punishing its neighbours. A death after which a request had got a
 * new token never counts against it. The others of that life run alone from then on, until each gets a token or ends;
 * who kills the engine alone twice is refused. Deaths from outside count less: they may be nobody's fault.
 */
export class Quarantine<Request extends Suspect> {
  /** What counts against each suspect: deaths while it ran alone. */
  readonly #blame = new Map<Request, number>();

  /** Whether anybody has to run alone. */
  get hasSuspects(): boolean {
    return this.#blame.size > 0;
  }

  /**
   * The engine died with these requests in it; gives those that are to be refused.
   * @param calls questions of others that it had too
   */
  died(within: readonly Request[], calls: number, death: Death): readonly Request[] {
    const idle = within.filter(({ hasProgressed }) => !hasProgressed);
    const evaluated = idle.filter(({ isQueued }) => !isQueued);
    // Where all others went on, the one that came in unseen may be it.
    const suspects = evaluated.length > 0 ? evaluated : idle;
    const alone = within.length === 1 && calls === 0;
    const blame = alone ? blameFor(death) : 0;
    for (const suspect of suspects) this.#blame.set(suspect, (this.#blame.get(suspect) ?? 0) + blame);
    return suspects.filter((suspect) => this.#blame.get(suspect)! >= MOST_BLAME);
  }

  /** It got a token, or it is over; gives whether it was a suspect until now. */
  clear(request: Request): boolean {
    return this.#blame.delete(request);
  }

  /**
   * Which of those that wait may enter an engine that has `within` in it: all, but while there are suspects one of them
   * at a time.
   */
  admit(waiting: readonly Request[], within: readonly Request[]): readonly Request[] {
    if (!this.hasSuspects) return waiting;
    const onTrial = within.some((request) => this.#blame.has(request));
    const next = waiting.find((request) => this.#blame.has(request));
    return onTrial || next === undefined ? [] : [next];
  }
}
