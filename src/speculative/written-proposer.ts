import { commonLength } from './common-length.js';
import type { Token } from './distribution.js';
import type { Draft, RoundOutcome } from './drafter.js';
import { headOf, NO_PROPOSAL, type Proposal, type ProposalRequest, type Proposer } from './proposer.js';

export interface WrittenProposerOptions {
  /** What somebody wrote of the text, from `start` on, without having been asked for a draft. */
  readonly written: Draft;
  /** Its position in the context. */
  readonly start: number;
  /** Proposes where nothing written is left, at most `max` tokens. */
  readonly next: Proposer | undefined;
  readonly max: number;
  /** Hears of each written token that was judged: the writer's confidence in it, and whether it stayed. */
  readonly onJudged: (confidence: number, accepted: boolean) => void;
}

/** Proposes what was written before, as much of it as a pass can verify, for as long as the text goes that way. */
export class WrittenProposer implements Proposer {
  readonly #options: WrittenProposerOptions;
  /** Drafted tokens that no round has accounted for: all, until the first proposal. */
  #unaccounted: number;
  #proposed: Draft | undefined;

  constructor(options: WrittenProposerOptions) {
    this.#options = options;
    this.#unaccounted = options.written.tokens.length;
  }

  /** Whether a round's draft is what was written before. */
  proposed(draft: Draft): boolean {
    return draft === this.#proposed;
  }

  async propose(request: ProposalRequest): Promise<Proposal> {
    const { next, max } = this.#options;
    const rest = this.#restBehind(request.context);
    const unaccounted = this.#unaccounted;
    this.#unaccounted = 0;
    if (rest.tokens.length > 0) {
      this.#proposed = headOf(rest, Math.min(rest.tokens.length, request.room));
      return { draft: this.#proposed, dropped: 0, evidence: [] };
    }
    const asked = { ...request, room: Math.min(request.room, max) };
    const proposal = next === undefined || asked.room === 0 ? NO_PROPOSAL : await next.propose(asked);
    return { ...proposal, dropped: proposal.dropped + unaccounted };
  }

  observe(outcome: RoundOutcome): void {
    const { written, start, onJudged } = this.#options;
    const { position, draft, accepted, tokens } = outcome;
    const judges = position === start && draft.tokens.length === 0;
    // Behind the prompt nothing is proposed; the target's first token judges the first written one all the same.
    if (judges && written.tokens.length > 0) onJudged(written.confidences[0]!, written.tokens[0] === tokens[0]);
    if (this.proposed(draft)) {
      const count = Math.min(accepted + 1, draft.tokens.length, tokens.length);
      for (let i = 0; i < count; i++) onJudged(draft.confidences[i]!, i < accepted);
    }
    this.#options.next?.observe(outcome);
  }

  close(): void {
    this.#options.next?.close();
  }

  #restBehind(context: readonly Token[]): Draft {
    const { written, start } = this.#options;
    const text = context.slice(start, start + written.tokens.length);
    const goesThatWay = start + text.length === context.length && commonLength(text, written.tokens) === text.length;
    return goesThatWay ? tailOf(written, text.length) : { tokens: [], confidences: [] };
  }
}

function tailOf({ tokens, confidences }: Draft, from: number): Draft {
  return { tokens: tokens.slice(from), confidences: confidences.slice(from) };
}
