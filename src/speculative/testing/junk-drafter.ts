import { type Distribution, drawBy, peakOf, probabilityOf, type Token } from '../distribution.js';
import type { Draft, Drafter, DraftRequest } from '../drafter.js';
import type { Random } from '../random.js';

/** Draws each token from a law made up on the spot, which may lack tokens. It knows nothing, but it does not lie. */
export class JunkDrafter implements Drafter {
  readonly name = 'junk';
  /** The draft of this round so far. */
  readonly tokens: Token[] = [];
  readonly #vocabulary: number;
  readonly #random: Random;

  constructor(vocabulary: number, random: Random) {
    this.#vocabulary = vocabulary;
    this.#random = random;
  }

  async propose({ rule, length }: DraftRequest): Promise<Draft> {
    this.tokens.length = 0;
    const laws: Distribution[] = [];
    const confidences: number[] = [];
    while (length.wants(confidences)) {
      const law = this.#law();
      if (!length.admits(peakOf(law))) break;
      const token = drawBy(law, this.#random());
      this.tokens.push(token);
      laws.push(law);
      confidences.push(probabilityOf(law, token));
    }
    const draft = { tokens: [...this.tokens], confidences };
    return rule === 'matching' ? draft : { ...draft, laws };
  }

  observe(): void {}

  close(): void {}

  #law(): Distribution {
    const ids: Token[] = [];
    for (let id = 0; id < this.#vocabulary; id++) if (this.#random() < 0.8) ids.push(id);
    if (ids.length === 0) ids.push(0);
    const weights = ids.map(() => this.#random());
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { ids, probabilities: weights.map((weight) => weight / sum) };
  }
}
