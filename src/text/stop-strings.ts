/** Where a text ended: `[begin, end)` of the pushed text is `stop`, in UTF-16 code units since the first push. */
export interface StopMatch {
  readonly stop: string;
  readonly begin: number;
  readonly end: number;
}

/** What may be given out now, and whether the text is over. */
export type StopStep =
  | { readonly kind: 'open'; readonly emit: string }
  | { readonly kind: 'stopped'; readonly emit: string; readonly match: StopMatch };

/**
 * Finds where a text ends because of a stop string while the text is still being written.
 *
 * The answer depends on the text alone, never on how it was cut into pushes: the text ends at the first place where any
 * stop string begins, and of two that begin there the shorter counts. Nothing of that stop string is ever given out:
 * what may turn out to be the beginning of one is held back, always fewer characters than the longest stop string has.
 * A match is told once no stop string that began before it can complete any more; `match.end` says which token
 * completed it even when that was some pushes ago.
 *
 * Each stop string has a Knuth-Morris-Pratt automaton of its own: for each the work is linear in the text.
 */
export class StopStrings {
  readonly #automata: readonly StopAutomaton[];
  /** Code units pushed so far, and the part of them that is not yet given out. */
  #length = 0;
  #held = '';
  #match: StopMatch | undefined;

  /** @throws RangeError for an empty stop string, and for one with half a surrogate pair. */
  constructor(stops: readonly string[]) {
    for (const stop of stops) {
      if (stop === '') throw new RangeError('a stop string is empty; leave it out');
      if (/\p{Surrogate}/u.test(stop)) throw new RangeError(`${JSON.stringify(stop)} holds half a surrogate pair`);
    }
    this.#automata = [...new Set(stops)].map((stop) => new StopAutomaton(stop));
  }

  /** Takes the next piece of the text, whole characters. A text that has stopped takes no more. */
  push(text: string): StopStep {
    if (text === '') return { kind: 'open', emit: '' };
    const begin = this.#length - this.#held.length;
    this.#held += text;
    let open = this.#length;
    for (let i = 0; i < text.length; i += 1) {
      open = this.#advance(text.charCodeAt(i));
      if (this.#match !== undefined && this.#match.begin <= open) return this.#stopped(begin, this.#match);
    }
    return { kind: 'open', emit: this.#release(open - begin) };
  }

  /** The end of the text: a match that was waiting for an earlier one counts; without one all that was held comes out. */
  flush(): StopStep {
    if (this.#match !== undefined) return this.#stopped(this.#length - this.#held.length, this.#match);
    return { kind: 'open', emit: this.#release(this.#held.length) };
  }

  /** Reads one code unit and returns the offset where the earliest stop string that may still complete begins. */
  #advance(unit: number): number {
    this.#length += 1;
    let open = this.#length;
    for (const automaton of this.#automata) {
      const completed = automaton.advance(unit);
      const begin = this.#length - automaton.stop.length;
      if (completed && begin < (this.#match?.begin ?? this.#length)) {
        this.#match = { stop: automaton.stop, begin, end: this.#length };
      }
      open = Math.min(open, this.#length - automaton.matched);
    }
    return open;
  }

  #release(count: number): string {
    const emit = this.#held.slice(0, count);
    this.#held = this.#held.slice(count);
    return emit;
  }

  #stopped(heldBegin: number, match: StopMatch): StopStep {
    return { kind: 'stopped', emit: this.#held.slice(0, match.begin - heldBegin), match };
  }
}

/** Knuth, Morris, Pratt (1977): how much of the stop string the text read so far ends with. */
class StopAutomaton {
  readonly stop: string;
  /** Length of the longest proper beginning of `stop` with which the text ends. */
  matched = 0;
  /** For each length of a matched beginning, the next shorter beginning that it ends with. */
  readonly #shorter: Uint32Array;

  constructor(stop: string) {
    this.stop = stop;
    this.#shorter = new Uint32Array(stop.length + 1);
    for (let length = 2, border = 0; length <= stop.length; length += 1) {
      border = this.#extend(border, stop.charCodeAt(length - 1));
      this.#shorter[length] = border;
    }
  }

  /** Whether `stop` ends with this code unit. */
  advance(unit: number): boolean {
    this.matched = this.#extend(this.matched, unit);
    const completed = this.matched === this.stop.length;
    if (completed) this.matched = this.#shorter[this.matched]!;
    return completed;
  }

  #extend(matched: number, unit: number): number {
    let length = matched;
    while (length > 0 && this.stop.charCodeAt(length) !== unit) length = this.#shorter[length]!;
    return this.stop.charCodeAt(length) === unit ? length + 1 : 0;
  }
}
