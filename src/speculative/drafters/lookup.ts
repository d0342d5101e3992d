import type { Token } from '../distribution.js';
import { type Draft, type Drafter, type DraftRequest, EMPTY_DRAFT } from '../drafter.js';
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

  async propose({ context, prefix, room, length }: DraftRequest): Promise<Draft> {
    for (let i = this.#text.length - this.#corpusLength; i < context.length; i++) this.#read(context[i]!);
    const match = this.#automaton.find(prefix);
    if (match === undefined) return EMPTY_DRAFT;
    const behind = [...prefix];
    const tokens: Token[] = [];
    const confidences: number[] = [];
    while (tokens.length < room && length.wants(confidences)) {
      const confidence = beliefIn(match.length + tokens.length);
      const token = this.#tokenAt(match.next + tokens.length, behind);
      if (token === undefined || !length.admits(confidence)) break;
      behind.push(token);
      tokens.push(token);
      confidences.push(confidence);
    }
    return { tokens, confidences };
  }

  /** It learns nothing here: the text tells it all. */
  observe(): void {}

  close(): void {}

  /** A text that repeats itself to its end goes on with what was just proposed. */
  #tokenAt(index: number, behind: readonly Token[]): Token | undefined {
    return index < this.#text.length ? this.#text[index] : behind[index - this.#text.length];
  }

  #read(token: Token): void {
    this.#automaton.push(token);
    this.#text.push(token);
  }
}

/** A number in (0, 1) that grows with the tokens in common; calibration turns it into a probability. */
export function beliefIn(matched: number): number {
  return (matched + 0.5) / (matched + 0.5 + EVEN_MATCH);
}
