import type { Draft, Drafter, DraftRequest, Evidence, Random, RoundOutcome } from '../speculative/index.js';

/** Where a text is garbled. */
export interface Stretches {
  /** Positions before the first generated token. */
  readonly promptTokens: number;
  /** Every other stretch of so many positions is garbled, the second first. */
  readonly stretch: number;
}

export interface GarblingOptions extends Stretches {
  readonly vocabularySize: number;
  readonly random: Random;
}

/** Whether the stretch of that position is one of noise. */
export function isGarbled(position: number, { promptTokens, stretch }: Stretches): boolean {
  return Math.floor((position - promptTokens) / stretch) % 2 === 1;
}

/**
 * A drafter whose proposals are worthless in every other stretch of the text, at the price and with the confidences of
 * good ones: whoever believes what it learnt a moment ago loses. For matching rules, since it gives no laws. It has a
 * name of its own, so that nothing learnt of it is believed of the true one.
 */
export class GarblingDrafter implements Drafter {
  readonly name: string;
  readonly #inner: Drafter;
  readonly #options: GarblingOptions;
  readonly price?: NonNullable<Drafter['price']>;
  readonly probe?: NonNullable<Drafter['probe']>;

  constructor(inner: Drafter, options: GarblingOptions) {
    this.name = `${inner.name} garbled`;
    this.#inner = inner;
    this.#options = options;
    if (inner.price) this.price = (...place) => inner.price!(...place);
    if (inner.probe) this.probe = (...place) => this.#probe(...place);
  }

  async propose(request: DraftRequest): Promise<Draft> {
    const { tokens, confidences } = await this.#inner.propose(request);
    if (!isGarbled(request.context.length + request.prefix.length, this.#options)) return { tokens, confidences };
    const { vocabularySize, random } = this.#options;
    return { tokens: tokens.map(() => Math.floor(random() * vocabularySize)), confidences };
  }

  observe(outcome: RoundOutcome): void {
    // What was verified is not what the inner drafter proposed: to it nothing was accepted.
    this.#inner.observe(isGarbled(outcome.position, this.#options) ? { ...outcome, accepted: 0 } : outcome);
  }

  close(): void {
    this.#inner.close();
  }

  async #probe(...place: Parameters<NonNullable<Drafter['probe']>>): Promise<readonly Evidence[]> {
    const evidence = await this.#inner.probe!(...place);
    const first = place[0].length - evidence.length;
    return evidence.map((one, i) => (isGarbled(first + i, this.#options) ? { ...one, accepted: false } : one));
  }
}
