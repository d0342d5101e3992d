import type { Token } from '../distribution.js';
import type { Draft, Drafter, DraftRequest } from '../drafter.js';
import { SuffixAutomaton } from './suffix-automaton.js';

/** A match of this many tokens is worth an even bet before anything was learnt. */
const EVEN_MATCH = 2;

/**
 * Proposes what followed the last tokens when they stood in the text before: copies, lists, code, quotations. It costs no
 * forward; what it is worth, calibration finds out. `corpus` is further text to look in, such as past answers.
 *
 * Its confidence grows with the length of the match, and with each token that the draft adds to it.
 */
export class LookupDrafter implements Drafter {
  readonly name = 'lookup';
  readonly #automaton = new SuffixAutomaton();
  /** What the automaton has read: the corpus and then the context. */
  readonly #text: Token[] = [];
  readonly #corpusLength: number;

  constructor(corpus: readonly Token[] = []) {
    for (const token of corpus) this.#read(token);
    this.#corpusLength = corpus.length;
  }

  async propose({ context, length }: DraftRequest): Promise<Draft> {
    for (let i = this.#text.length - this.#corpusLength; i < context.length; i++) this.#read(context[i]!);
    const tokens: Token[] = [];
    const confidences: number[] = [];
    const { length: match, next } = this.#automaton.repetition ?? { length: 0, next: this.#text.length };
    while (next + tokens.length < this.#text.length && length.wants(confidences)) {
      const matched = match + tokens.length;
      const confidence = matched / (matched + EVEN_MATCH);
      if (!length.admits(confidence)) break;
      tokens.push(this.#text[next + tokens.length]!);
      confidences.push(confidence);
    }
    return { tokens, confidences };
  }

  /** It learns nothing here: the text tells it all. */
  observe(): void {}

  close(): void {}

  #read(token: Token): void {
    this.#automaton.push(token);
    this.#text.push(token);
  }
}
