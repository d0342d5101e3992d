import { type Distribution, drawBy, peakOf, probabilityOf, type Token } from '../distribution.js';
import type { Draft, DraftRequest } from '../drafter.js';
import { drawShared } from '../random.js';
import type { Row } from '../sequence.js';
import type { ModelDrafterOptions } from './model.js';

type Drawing = Pick<ModelDrafterOptions, 'sampler' | 'noise' | 'random' | 'isEnd'>;

/** A model's draft while it is being drawn, row by row; it asks the round's length before every token. */
export class DraftUnderWay {
  readonly tokens: Token[] = [];
  readonly confidences: number[] = [];
  readonly #laws: Distribution[] = [];
  readonly #request: DraftRequest;
  readonly #drawing: Drawing;
  #state: 'open' | 'ended' = 'open';

  constructor(request: DraftRequest, drawing: Drawing) {
    this.#request = request;
    this.#drawing = drawing;
  }

  /** Tokens that may still come. */
  get room(): number {
    return this.#request.room - this.tokens.length;
  }

  get isOpen(): boolean {
    return this.#state === 'open' && this.room > 0;
  }

  get whole(): Draft {
    return { tokens: this.tokens, confidences: this.confidences, laws: this.#laws };
  }

  /**
   * Draws from each row, in order. `hint` was evaluated along: row i + 1 says something only where the token drawn from
   * row i is that of the hint. Each token is drawn from its own law all the same, so the draft is distributed as without.
   */
  judge(rows: readonly Row[], hint: readonly Token[]): void {
    for (const [i, row] of rows.entries()) {
      if (i > 0 && !(this.isOpen && this.#request.length.wants(this.confidences))) return;
      this.#draw(row);
      if (this.#state === 'ended' || this.tokens.at(-1) !== hint[i]) return;
    }
  }

  #draw(row: Row): void {
    const { rule, length } = this.#request;
    const { sampler, noise, random, isEnd } = this.#drawing;
    const q = sampler.law(row);
    if (!length.admits(peakOf(q))) {
      this.#state = 'ended';
      return;
    }
    const token = rule === 'matching' ? drawShared(q, noise, sampler.length) : drawBy(q, random());
    sampler.push(token);
    this.tokens.push(token);
    this.confidences.push(probabilityOf(q, token));
    this.#laws.push(q);
    if (isEnd(token)) this.#state = 'ended';
  }
}
