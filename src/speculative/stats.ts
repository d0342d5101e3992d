import type { Round } from './generate.js';

/** How often a draft token at one place of the draft (the first, the second, ...) was judged and accepted. */
export interface PositionStatistics {
  readonly judged: number;
  readonly accepted: number;
}

/**
 * What speculation did, in counts of tokens; drafted = accepted + rejected + discarded always holds.
 * Counted when verified: what a stop string or a limit cuts afterwards stays accepted.
 */
export interface Statistics {
  /** Target passes that produced tokens, the plain ones included. */
  readonly rounds: number;
  readonly drafted: number;
  readonly accepted: number;
  /** The draft tokens that failed: at most one a round. */
  readonly rejected: number;
  /** Drafted and never judged: behind a rejection, or dropped before verification. */
  readonly discarded: number;
  /** The target's own tokens after a rejection. */
  readonly recovered: number;
  /** The target's own tokens after full acceptance. */
  readonly bonus: number;
  /** The target's own tokens of rounds in which nothing was verified: plain decoding. */
  readonly plain: number;
  /** accepted / (accepted + rejected), per judged token; null before any was judged. */
  readonly acceptanceRate: number | null;
  /** accepted / drafted, which llama.cpp and vLLM print as "acceptance rate"; null before anything was drafted. */
  readonly draftEfficiency: number | null;
  /** Tokens out per target pass, 1 + accepted / rounds; null before the first round. */
  readonly blockEfficiency: number | null;
  readonly perPosition: readonly PositionStatistics[];
}

/** Folds rounds into statistics; nobody else counts. */
export class StatisticsCounter {
  #counts = { rounds: 0, drafted: 0, accepted: 0, rejected: 0, discarded: 0, recovered: 0, bonus: 0, plain: 0 };
  #positions: { judged: number; accepted: number }[] = [];

  add({ draft, accepted, dropped, origin }: Pick<Round, 'draft' | 'accepted' | 'dropped' | 'origin'>): void {
    const verified = draft.tokens.length;
    const rejected = Number(accepted < verified);
    const counts = this.#counts;
    counts.rounds += 1;
    counts.drafted += verified + dropped;
    counts.accepted += accepted;
    counts.rejected += rejected;
    counts.discarded += verified - accepted - rejected + dropped;
    counts[origin] += 1;
    for (let i = 0; i < accepted + rejected; i++) {
      this.#positions[i] ??= { judged: 0, accepted: 0 };
      const position = this.#positions[i]!;
      position.judged += 1;
      position.accepted += Number(i < accepted);
    }
  }

  get statistics(): Statistics {
    const { rounds, drafted, accepted, rejected } = this.#counts;
    const ratio = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null);
    return {
      ...this.#counts,
      acceptanceRate: ratio(accepted, accepted + rejected),
      draftEfficiency: ratio(accepted, drafted),
      blockEfficiency: ratio(rounds + accepted, rounds),
      perPosition: this.#positions.map((position) => ({ ...position })),
    };
  }
}
