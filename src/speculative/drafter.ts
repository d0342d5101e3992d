import type { Distribution, Token } from './distribution.js';
import type { RoundLength } from './length/policy.js';

/** What a drafter proposes in a round. The arrays run in parallel, one entry a token. */
export interface Draft {
  readonly tokens: readonly Token[];
  /** The drafter's own belief in each token, in [0, 1]: q of the token for a model. */
  readonly confidences: readonly number[];
  /**
   * The laws the tokens were drawn from, each with randomness that nothing else has used: rejection and block
   * verification believe them. Absent for a deterministic proposal (greedy, lookup, given text) and under matching;
   * a token without a law is judged as one that was certain, which is lossless wherever it came from.
   */
  readonly laws?: readonly Distribution[];
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
  readonly rule: DrawRule;
  /** Ask it before every token (see RoundLength). */
  readonly length: RoundLength;
  readonly signal: AbortSignal | undefined;
}

/** What became of a round. */
export interface RoundOutcome {
  /** The draft as it was verified. */
  readonly draft: Draft;
  /** How many leading tokens of the draft were accepted. */
  readonly accepted: number;
  /** Tokens that were drafted and not verified. */
  readonly dropped: number;
  /** What the round appended to the context: the accepted tokens and then the target's own. */
  readonly tokens: readonly Token[];
}

/**
 * Anything that proposes a continuation. A public extension point: propose, then observe (docs/extending.md). Whatever
 * is proposed, the text keeps the target's law, as long as the laws that it gives are true; a drafter decides only how
 * fast the text comes.
 */
export interface Drafter {
  readonly name: string;
  /** Proposes what may come after `request.context`. Fewer tokens than allowed, also none, are always fine. */
  propose(request: DraftRequest): Promise<Draft>;
  /** Learns what became of the proposal. Called after every round, also after one that asked for no draft. */
  observe(outcome: RoundOutcome): void;
  /** Gives back what the drafter holds. Idempotent. */
  close(): void;
}
