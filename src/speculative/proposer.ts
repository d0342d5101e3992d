import type { Token } from './distribution.js';
import { type Draft, type Drafter, type DrawRule, EMPTY_DRAFT, type Evidence, type RoundOutcome } from './drafter.js';
import type { LengthPolicy } from './length/policy.js';

/** What the loop asks for in a round. */
export interface ProposalRequest {
  /** All tokens so far, prompt included; the same growing array in every round. */
  readonly context: readonly Token[];
  /** Tokens that only a draft holds so far, behind the context; a draft model that is drafted for has some. */
  readonly prefix: readonly Token[];
  readonly rule: DrawRule;
  /** At most this many tokens: context, token limit and pass allow no more. */
  readonly room: number;
  /** How many of the context's tokens were generated: what a prompt says is nobody's draft. */
  readonly generated: number;
  readonly signal: AbortSignal | undefined;
}

/** What is going to be verified, and what it took. */
export interface Proposal {
  readonly draft: Draft;
  /** Tokens that were drafted and are not going to be verified. */
  readonly dropped: number;
  /** What a probe found, where one was made. */
  readonly evidence: readonly Evidence[];
}

export const NO_PROPOSAL: Proposal = { draft: EMPTY_DRAFT, dropped: 0, evidence: [] };

/** Decides in every round who drafts, and how much: one drafter with a length policy, or a cascade of drafters. */
export interface Proposer {
  propose(request: ProposalRequest): Promise<Proposal>;
  /** Learns what became of the round. Called after every round, also after one that asked for nothing. */
  observe(outcome: RoundOutcome): void;
  /** Gives back what its drafters hold. Idempotent. */
  close(): void;
}

const FREE = { first: 0, next: 0, probe: 0, behind: 0 };

/** One drafter under a length policy, which is asked before the drafter is; it sees the whole text, whatever that costs. */
export class SingleProposer implements Proposer {
  readonly #drafter: Drafter;
  readonly #length: LengthPolicy;

  constructor(drafter: Drafter, length: LengthPolicy) {
    this.#drafter = drafter;
    this.#length = length;
  }

  async propose({ context, prefix, rule, room, signal }: ProposalRequest): Promise<Proposal> {
    const depth = context.length + prefix.length;
    const affordable = Number.POSITIVE_INFINITY;
    const price = this.#drafter.price?.(depth, affordable) ?? FREE;
    const length = this.#length.begin({ room, rule, depth, price });
    if (!length.wants([])) return NO_PROPOSAL;
    const whole = await this.#drafter.propose({ context, prefix, rule, room, affordable, length, signal });
    // Under rejection a draft is not cut by what its tokens are: that would change the law (see RoundLength.keep).
    const kept = Math.min(room, rule === 'matching' ? length.keep(whole.confidences) : whole.tokens.length);
    const draft = headOf(whole, kept);
    return { draft, dropped: whole.tokens.length - draft.tokens.length, evidence: [] };
  }

  observe(outcome: RoundOutcome): void {
    this.#drafter.observe(outcome);
    this.#length.observe(outcome);
  }

  close(): void {
    this.#drafter.close();
  }
}

/** The first `count` tokens of a draft. */
export function headOf(draft: Draft, count: number): Draft {
  if (count === draft.tokens.length) return draft;
  const { tokens, confidences, laws, sources } = draft;
  return {
    tokens: tokens.slice(0, count),
    confidences: confidences.slice(0, count),
    ...(laws && { laws: laws.slice(0, count) }),
    ...(sources && { sources: sources.slice(0, count) }),
  };
}
