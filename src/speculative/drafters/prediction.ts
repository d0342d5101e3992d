import type { Token } from '../distribution.js';
import type { Draft, Drafter, DraftRequest } from '../drafter.js';
import { beliefIn } from './lookup.js';
import { type Match, NO_MATCH, SuffixAutomaton } from './suffix-automaton.js';

/** How far the answer has come through the prediction. */
interface Place {
  /** Index of the token that should come next, and how many before it agreed. */
  readonly next: number;
  readonly agreed: number;
  /** The end of the answer that stands anywhere in the prediction. */
  readonly match: Match;
}

/**
 * Proposes a text that the caller expects, such as the file that is being edited (OpenAI's `prediction`). It begins at its
 * beginning and follows the answer through it. A token that differs counts as replaced, until the last tokens of the
 * answer agree better with another place: text was left out or put in.
 */
export class PredictionDrafter implements Drafter {
  readonly name = 'prediction';
  readonly #prediction: readonly Token[];
  readonly #promptLength: number;
  readonly #automaton = new SuffixAutomaton();
  #place: Place = { next: 0, agreed: 0, match: NO_MATCH };
  /** Tokens of the answer that were followed. */
  #seen = 0;

  /** @param promptLength the answer begins behind so many tokens of the context */
  constructor(prediction: readonly Token[], promptLength: number) {
    this.#prediction = prediction;
    this.#promptLength = promptLength;
    for (const token of prediction) this.#automaton.push(token);
  }

  async propose({ context, prefix, room, length }: DraftRequest): Promise<Draft> {
    for (; this.#promptLength + this.#seen < context.length; this.#seen++) {
      this.#place = this.#follow(this.#place, context[this.#promptLength + this.#seen]!);
    }
    const { next, agreed } = prefix.reduce((place, token) => this.#follow(place, token), this.#place);
    const tokens: Token[] = [];
    const confidences: number[] = [];
    while (tokens.length < room && next + tokens.length < this.#prediction.length && length.wants(confidences)) {
      const confidence = beliefIn(agreed + tokens.length);
      if (!length.admits(confidence)) break;
      tokens.push(this.#prediction[next + tokens.length]!);
      confidences.push(confidence);
    }
    return { tokens, confidences };
  }

  /** It learns nothing here: the text tells it all. */
  observe(): void {}

  close(): void {}

  #follow({ next, agreed, match }: Place, token: Token): Place {
    const elsewhere = this.#automaton.follow(match, token);
    const here = this.#prediction[next] === token ? agreed + 1 : 0;
    if (elsewhere.length > here) return { next: elsewhere.next, agreed: elsewhere.length, match: elsewhere };
    return { next: next + 1, agreed: here, match: elsewhere };
  }
}
