import { type Distribution, drawBy, peakOf, probabilityOf, type Token } from '../distribution.js';
import type { Draft, Drafter, DraftPrice, DraftRequest, DrawRule, Evidence, RoundOutcome } from '../drafter.js';
import type { CostCurve } from '../length/cost-curve.js';
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
  /** What a pass of the draft model costs; the drafter keeps it up to date. */
  readonly costs: CostCurve;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
  /** The most tokens to catch up on at once. Older ones stay unseen: that costs acceptance, never the law. */
  readonly window: number;
}

/**
 * A small model that rides ahead, token by token.
 *
 * Its cache is never evaluated twice, but for a token that the policy dropped and the target then said: after a
 * rejection it is trimmed, after full acceptance it lacks the last draft token, which joins the next round's first batch
 * (algorithms.md 2.3, 7). While nobody asks it to draft it costs nothing; it catches up in one batch when asked again,
 * on the last `window` tokens at most. Its positions are its own: what it never saw is a hole that it knows nothing of.
 */
export class ModelDrafter implements Drafter {
  readonly name: string;
  readonly #options: ModelDrafterOptions;
  /** Length of the context that the proposal continued which nobody has judged yet. */
  #base: number | undefined;
  /** Tokens of the context that were never seen: its length less this is the timeline's. */
  #skipped = 0;

  constructor(options: ModelDrafterOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async propose({ context, rule, length }: DraftRequest): Promise<Draft> {
    const { sampler, noise, random, isEnd } = this.#options;
    const tokens: Token[] = [];
    const confidences: number[] = [];
    const laws: Distribution[] = [];
    this.#settle(0);
    this.#base = context.length;
    this.#remember(context, context.length);
    for (let pending = this.#catchUp(context, context.length); this.#fits(pending.length); pending = tokens.slice(-1)) {
      if (!length.wants(confidences)) break;
      const [q] = await this.#laws(pending, 1, () => {});
      if (!length.admits(peakOf(q!))) break;
      const token = rule === 'matching' ? drawShared(q!, noise, sampler.length) : drawBy(q!, random());
      sampler.push(token);
      tokens.push(token);
      confidences.push(probabilityOf(q!, token));
      laws.push(q!);
      if (isEnd(token)) break;
    }
    return rule === 'matching' ? { tokens, confidences } : { tokens, confidences, laws };
  }

  price(context: readonly Token[]): DraftPrice {
    const { costs, sequence, window } = this.#options;
    const backlog = Math.max(1, context.length - sequence.length - this.#skipped);
    return {
      first: costs.at(Math.min(backlog, window), sequence.length),
      next: costs.at(1, sequence.length),
      probe: costs.at(Math.min(backlog, window), sequence.length),
    };
  }

  /** One batch over tokens that are known: each row says what would have been drafted, with what confidence. */
  async probe(context: readonly Token[], count: number, rule: DrawRule): Promise<readonly Evidence[]> {
    const { noise, sampler } = this.#options;
    this.#settle(0);
    // The last token has no successor yet: it stays for the next proposal.
    const tokens = this.#catchUp(context, context.length - 1);
    if (tokens.length === 0 || !this.#fits(tokens.length)) return [];
    const rows = Math.min(count, tokens.length);
    const first = context.length - rows;
    sampler.rewind(Math.min(sampler.length, first));
    const laws = await this.#laws(tokens, rows, (i) => this.#remember(context, first + i));
    return laws.map((q, i) => {
      const token = drawShared(q, noise, first + i);
      return {
        confidence: rule === 'matching' ? probabilityOf(q, token) : peakOf(q),
        accepted: token === context[first + i],
      };
    });
  }

  observe({ accepted }: RoundOutcome): void {
    this.#settle(accepted);
  }

  close(): void {
    this.#options.sequence.close();
  }

  /** Evaluates tokens and returns the laws of the last `rows` positions; `before(i)` brings the sampler to the i-th. */
  async #laws(tokens: readonly Token[], rows: number, before: (i: number) => void): Promise<Distribution[]> {
    const { sequence, sampler, costs, now } = this.#options;
    const depth = sequence.length;
    const began = now();
    const laws = await sequence.evaluate(tokens, rows, (seen) =>
      seen.map((row, i) => {
        before(i);
        return sampler.law(row);
      }),
    );
    costs.observe(tokens.length, depth, now() - began);
    return laws;
  }

  /** The tokens that the timeline lacks up to `end`, the last `most` of them, and the first of all for an empty one. */
  #catchUp(context: readonly Token[], end: number): readonly Token[] {
    const { sequence, window } = this.#options;
    const missing = context.slice(sequence.length + this.#skipped, end);
    const tooMany = missing.length - window;
    if (tooMany <= 0) return missing;
    this.#skipped += tooMany;
    // Models lean on the first token of a text (attention sinks): an empty timeline begins with it all the same.
    return sequence.length === 0 ? [missing[0]!, ...missing.slice(tooMany + 1)] : missing.slice(tooMany);
  }

  /** Brings the sampler's history to the first `length` tokens of the context. */
  #remember(context: readonly Token[], length: number): void {
    const { sampler } = this.#options;
    for (let i = sampler.length; i < length; i++) sampler.push(context[i]!);
  }

  /** Takes back the draft but for its accepted tokens; a round that threw has left one that nobody judged. */
  #settle(accepted: number): void {
    if (this.#base === undefined) return;
    const { sequence, sampler } = this.#options;
    const agreed = this.#base + accepted;
    this.#base = undefined;
    if (sequence.length > agreed - this.#skipped) sequence.rewind(agreed - this.#skipped);
    if (sampler.length > agreed) sampler.rewind(agreed);
  }

  #fits(tokens: number): boolean {
    const { sequence } = this.#options;
    return sequence.length + tokens <= sequence.capacity;
  }
}
