import type { Token } from '../distribution.js';

/** The longest end of a text that also stands earlier in it, and where the text goes on behind that place. */
export interface Repetition {
  /** Tokens that the two places have in common. */
  readonly length: number;
  /** Index of the token behind the earlier place. */
  readonly next: number;
}

/** A repetition that can be followed token by token. */
export interface Match extends Repetition {
  readonly state: number;
}

const ROOT = 0;
/** Nothing in common, which every text begins with. */
export const NO_MATCH: Match = { state: ROOT, length: 0, next: 0 };

/**
 * The suffix automaton of a growing text (Blumer et al. 1985): the smallest automaton that accepts its suffixes. A token
 * is added in constant time on average, and the longest earlier occurrence of the text's end is known at any time
 * without looking at the text again.
 */
export class SuffixAutomaton {
  /** Length of each state's longest string, its suffix link (the root has none), and where its string last ended. */
  readonly #longest = [0];
  readonly #link: (number | undefined)[] = [undefined];
  readonly #end = [0];
  readonly #next: Map<Token, number>[] = [new Map()];
  #last = ROOT;
  #size = 0;
  #repetition: Repetition | undefined;

  /** Tokens in the text. */
  get size(): number {
    return this.#size;
  }

  /** The longest end of the text that stands in it earlier; `undefined` where its last token is new. */
  get repetition(): Repetition | undefined {
    return this.#repetition;
  }

  /** The longest end of the text and `more` that stands in the text, which stays as it is. */
  find(more: readonly Token[]): Repetition | undefined {
    if (more.length === 0) return this.#repetition;
    const state = this.#link[this.#last] ?? ROOT;
    const { length, next } = more.reduce((match, token) => this.follow(match, token), this.#matchOf(state));
    return length === 0 ? undefined : { length, next };
  }

  /** The longest end of a match and `token` that stands in the text. */
  follow({ state, length }: Match, token: Token): Match {
    for (let from: number | undefined = state, common = length; from !== undefined; ) {
      const to = this.#next[from]!.get(token);
      if (to !== undefined) return { state: to, length: common + 1, next: this.#end[to]! };
      from = this.#link[from];
      common = from === undefined ? 0 : this.#longest[from]!;
    }
    return NO_MATCH;
  }

  push(token: Token): void {
    this.#size += 1;
    const state = this.#add(this.#longest[this.#last]! + 1, this.#size);
    let from: number | undefined = this.#last;
    while (from !== undefined && !this.#next[from]!.has(token)) {
      this.#next[from]!.set(token, state);
      from = this.#link[from];
    }
    this.#link[state] = from === undefined ? ROOT : this.#stateBehind(from, token);
    this.#last = state;
    this.#notice(this.#link[state]!);
  }

  /** The suffix link of a new end is the longest end that was there before. */
  #notice(link: number): void {
    const length = this.#longest[link]!;
    this.#repetition = length === 0 ? undefined : { length, next: this.#end[link]! };
    // Later repetitions are found at the latest place: what was said last is the likelier continuation.
    this.#end[link] = this.#size;
  }

  /** The state of the longest string of `from` followed by `token`, split off where longer strings share it. */
  #stateBehind(from: number, token: Token): number {
    const target = this.#next[from]!.get(token)!;
    const length = this.#longest[from]! + 1;
    if (this.#longest[target] === length) return target;
    const clone = this.#add(length, this.#end[target]!);
    this.#next[clone] = new Map(this.#next[target]);
    this.#link[clone] = this.#link[target];
    this.#link[target] = clone;
    let at: number | undefined = from;
    while (at !== undefined && this.#next[at]!.get(token) === target) {
      this.#next[at]!.set(token, clone);
      at = this.#link[at];
    }
    return clone;
  }

  #matchOf(state: number): Match {
    return { state, length: this.#longest[state]!, next: this.#end[state]! };
  }

  #add(longest: number, end: number): number {
    this.#longest.push(longest);
    this.#link.push(undefined);
    this.#end.push(end);
    this.#next.push(new Map());
    return this.#next.length - 1;
  }
}
