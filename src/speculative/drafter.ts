import type { Distribution, Token } from './distribution.js';
import type { DraftLength } from './length/policy.js';

/** What a drafter proposes in a round. The arrays run in parallel, one entry a token. */
export interface Draft {
  readonly tokens: readonly Token[];
  /** The drafter's own belief in each token, in [0, 1]: q of the token for a model. */
  readonly confidences: readonly number[];
  /**
   * The laws the tokens were drawn from, each with randomness that nothing else has used: rejection and block
   * verification believe them. Absent for a deterministic proposal (greedy, lookup, given text); a token without a law
   * is judged as one that was certain, which is lossless wherever it came from. Under matching they decide nothing.
   */
  readonly laws?: readonly (Distribution | undefined)[];
  /** Who proposed each token, where several drafters did. */
  readonly sources?: readonly string[];
}

export const EMPTY_DRAFT: Draft = { tokens: [], confidences: [] };

/**
 * How a round's draft is going to be judged, which decides how a drafter may draw it.
 * - `matching`: the target's own draw decides; any draft will do, one that shares the target's noise is accepted most.
 * - `rejection`: p/q decides (rejection or block verification); a draft that gives `laws` must have drawn from them.
 */
export type DrawRule = 'matching' | 'rejection';

/** What is asked of a drafter in a round. */
export interface DraftRequest {
  /** All tokens so far, prompt included. The same growing array in every round: do not keep or change it. */
  readonly context: readonly Token[];
  /** What others have drafted already in this round; the proposal goes on behind it. */
  readonly prefix: readonly Token[];
  readonly rule: DrawRule;
  /** At most this many tokens. */
  readonly room: number;
  /** Milliseconds that catching up with the text may cost; a drafter that cannot see all of it for that sees its end. */
  readonly affordable: number;
  /** Ask it before every token (see RoundLength). */
  readonly length: DraftLength;
  readonly signal: AbortSignal | undefined;
}

/** What drafting costs now, in milliseconds. */
export interface DraftPrice {
  /** The first token, with everything that the drafter has to catch up on before it. */
  readonly first: number;
  /** What it would spend beyond that on seeing more of the text than it has to, if it is asked: an investment. */
  readonly wider?: number;
  /** Each further token. */
  readonly next: number;
  /** A probe, with everything that the drafter has to catch up on before it. */
  readonly probe: number;
  /** Tokens that the drafter has to catch up on before it proposes: their price is part of `first`. */
  readonly behind: number;
}

/** What a drafter would have said at a position whose token is known by now. */
export interface Evidence {
  readonly confidence: number;
  readonly accepted: boolean;
}

/** What became of a round. */
export interface RoundOutcome {
  /** Tokens of the context before the round: the position of its first token. */
  readonly position: number;
  /** The draft as it was verified. */
  readonly draft: Draft;
  /** How many leading tokens of the draft were accepted. */
  readonly accepted: number;
  /** Tokens that were drafted and not verified. */
  readonly dropped: number;
  /** What the round appended to the context: the accepted tokens and then the target's own. */
  readonly tokens: readonly Token[];
  /** What a probe found, in a round that made one instead of drafting. */
  readonly evidence: readonly Evidence[];
  /** Milliseconds spent on the draft or the probe, and on the target's pass with its verification. */
  readonly draftMs: number;
  readonly verifyMs: number;
}

/**
 * Anything that proposes a continuation. A public extension point: propose, then observe (docs/extending.md). Whatever
 * is proposed, the text keeps the target's law, as long as the laws that it gives are true; a drafter decides only how
 * fast the text comes.
 */
export interface Drafter {
  readonly name: string;
  /** Proposes what may come after `request.context` and `request.prefix`. Fewer tokens than allowed, also none, are always fine. */
  propose(request: DraftRequest): Promise<Draft>;
  /**
   * What `propose` would cost behind `length` tokens, if catching up may cost `affordable` milliseconds. Absent where it
   * costs nothing worth counting; such a drafter is asked in every round.
   */
  price?(length: number, affordable: number): DraftPrice;
  /** Tries the drafter on the last `count` tokens of the context, all of them generated, for a proposer that learns. */
  probe?(context: readonly Token[], count: number, rule: DrawRule, affordable: number): Promise<readonly Evidence[]>;
  /** Learns what became of the round. Called after every round, also after one in which it was not asked. */
  observe(outcome: RoundOutcome): void;
  /** Gives back what the drafter holds. Idempotent. */
  close(): void;
}
