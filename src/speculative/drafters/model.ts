import { type Distribution, drawBy, peakOf, probabilityOf, type Token } from '../distribution.js';
import type { Draft, Drafter, DraftRequest, RoundOutcome } from '../drafter.js';
import { drawShared, type Noise, type Random } from '../random.js';
import type { Sampler } from '../sampler.js';
import type { Sequence } from '../sequence.js';

export interface ModelDrafterOptions {
  readonly name: string;
  /** The draft model's own timeline, in the target's token ids. The drafter closes it. */
  readonly sequence: Sequence;
  /** Turns the draft's logits into q. Copying the target's transforms raises acceptance; any law is allowed. */
  readonly sampler: Sampler;
  /** The target's noise, for matching rules: sharing it is what makes draws agree. */
  readonly noise: Noise;
  /** Independent draws, for rejection rules. */
  readonly random: Random;
  /** Nothing is drafted behind a token that ends the text. */
  readonly isEnd: (token: Token) => boolean;
}

/**
 * A small model that rides ahead, token by token.
 *
 * Its cache is never evaluated twice, but for a token that the policy dropped and the target then said: after a
 * rejection it is trimmed, after full acceptance it lacks the last draft token, which joins the next round's first batch
 * (algorithms.md 2.3, 7). While nobody asks it to draft it costs nothing; it catches up in one batch when asked again.
 */
export class ModelDrafter implements Drafter {
  readonly name: string;
  readonly #options: ModelDrafterOptions;
  /** Length of the context that the proposal continued which nobody has judged yet. */
  #base: number | undefined;

  constructor(options: ModelDrafterOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async propose({ context, rule, length }: DraftRequest): Promise<Draft> {
    const { sequence, sampler, noise, random, isEnd } = this.#options;
    const tokens: Token[] = [];
    const confidences: number[] = [];
    const laws: Distribution[] = [];
    this.#settle(0);
    this.#base = context.length;
    for (let i = sampler.length; i < context.length; i++) sampler.push(context[i]!);
    let pending: readonly Token[] = context.slice(sequence.length);
    while (this.#fits(pending.length) && length.wants(confidences)) {
      const q = await sequence.evaluate(pending, 1, (rows) => sampler.law(rows[0]!));
      if (!length.admits(peakOf(q))) break;
      const token = rule === 'matching' ? drawShared(q, noise, sampler.length) : drawBy(q, random());
      sampler.push(token);
      tokens.push(token);
      confidences.push(probabilityOf(q, token));
      laws.push(q);
      if (isEnd(token)) break;
      pending = [token];
    }
    return rule === 'matching' ? { tokens, confidences } : { tokens, confidences, laws };
  }

  observe({ accepted }: RoundOutcome): void {
    this.#settle(accepted);
  }

  close(): void {
    this.#options.sequence.close();
  }

  /** Takes back the draft but for its accepted tokens; a round that threw has left one that nobody judged. */
  #settle(accepted: number): void {
    if (this.#base === undefined) return;
    const { sequence, sampler } = this.#options;
    const agreed = this.#base + accepted;
    this.#base = undefined;
    if (sequence.length > agreed) sequence.rewind(agreed);
    if (sampler.length > agreed) sampler.rewind(agreed);
  }

  #fits(tokens: number): boolean {
    const { sequence } = this.#options;
    return sequence.length + tokens <= sequence.capacity;
  }
}
