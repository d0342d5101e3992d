import type { Token } from '../distribution.js';
import type { Draft, Drafter, DraftPrice, DraftRequest, Evidence, RoundOutcome } from '../drafter.js';

export interface Script {
  readonly name: string;
  /** What it would say; it asks the round's length before each token, as it should. */
  readonly says: (request: DraftRequest) => readonly (readonly [token: Token, confidence: number])[];
  /** It costs nothing without. */
  readonly price?: DraftPrice;
  /** What a probe finds at each of so many positions. */
  readonly evidence?: Evidence;
}

/** Says what it is told to, and remembers what it was asked. */
export class ScriptedDrafter implements Drafter {
  readonly name: string;
  readonly requests: DraftRequest[] = [];
  readonly outcomes: RoundOutcome[] = [];
  /** Positions of each probe. */
  readonly probes: number[] = [];
  /** Tokens drawn, each of which took a forward. */
  forwards = 0;
  priced = 0;
  readonly price?: () => DraftPrice;
  readonly probe?: (context: readonly Token[], count: number) => Promise<readonly Evidence[]>;
  readonly #says: Script['says'];

  constructor({ name, says, price, evidence }: Script) {
    this.name = name;
    this.#says = says;
    if (price !== undefined) {
      this.price = () => {
        this.priced += 1;
        return price;
      };
    }
    if (evidence !== undefined) {
      this.probe = async (_, count) => {
        this.probes.push(count);
        return Array<Evidence>(count).fill(evidence);
      };
    }
  }

  async propose(request: DraftRequest): Promise<Draft> {
    this.requests.push({ ...request, context: [...request.context], prefix: [...request.prefix] });
    const tokens: Token[] = [];
    const confidences: number[] = [];
    for (const [token, confidence] of this.#says(request).slice(0, request.room)) {
      if (!request.length.wants(confidences)) break;
      this.forwards += 1;
      if (!request.length.admits(confidence)) break;
      tokens.push(token);
      confidences.push(confidence);
    }
    const laws = tokens.map((token) => ({ ids: [token], probabilities: [1] }));
    return { tokens, confidences, ...(this.price && { laws }) };
  }

  observe(outcome: RoundOutcome): void {
    this.outcomes.push(outcome);
  }

  close(): void {}
}
