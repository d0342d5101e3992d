import type { Draft, Drafter, DraftPrice, DrawRule, Evidence, RoundOutcome } from '../drafter.js';
import { type DraftingValue, draftingValue } from '../length/drafting-value.js';
import type { Market } from '../length/market.js';
import type { ProbeSchedule } from '../length/probe-schedule.js';
import type { TextAcceptance } from '../length/text-acceptance.js';
import type { DrafterBooks } from '../length/text-books.js';
import type { TrackRecord } from '../length/track-record.js';

/** Cold, a drafter makes no draft longer than this, until so many of its tokens were judged. */
const COLD_MAX = 8;
const COLD_JUDGED = 64;
/** Rounds after which the table of what drafting is worth is made anew. */
const TABLE_ROUNDS = 8;

/** A drafter of a cascade, with what is learnt of its acceptance. */
export class Member {
  readonly drafter: Drafter;
  readonly #books: DrafterBooks;
  #value: DraftingValue | undefined;
  /** Of the last round that asked, and how many have since the table was made. */
  #market: Market | undefined;
  #age = 0;

  constructor(drafter: Drafter, books: DrafterBooks) {
    this.drafter = drafter;
    this.#books = books;
  }

  get probing(): ProbeSchedule {
    return this.#books.probing;
  }

  get record(): TrackRecord {
    return this.#books.record;
  }

  acceptance(rule: DrawRule): TextAcceptance {
    return this.#books.acceptance[rule];
  }

  /** The most tokens that it may propose now, behind so many of others. */
  limit(rule: DrawRule, drafted: number): number {
    return this.acceptance(rule).judged >= COLD_JUDGED ? Number.POSITIVE_INFINITY : Math.max(0, COLD_MAX - drafted);
  }

  /** What one more forward is worth, in tokens (draftingValue). */
  value(market: Market, { next }: DraftPrice): DraftingValue {
    if (market !== this.#market) this.#age += 1;
    this.#market = market;
    if (this.#value === undefined || this.#age >= TABLE_ROUNDS) {
      const { rule, speed, verify } = market;
      const outlook = this.acceptance(rule).outlook();
      this.#value = draftingValue({ max: verify.length - 2, speed, verify, forward: next, outlook });
      this.#age = 0;
    }
    return this.#value;
  }

  /** What a probe found. */
  learnEvidence(evidence: readonly Evidence[], rule: DrawRule): void {
    const acceptance = this.acceptance(rule);
    let last: number | undefined;
    for (const { confidence, accepted } of evidence) {
      // A draft may begin anywhere in the text.
      acceptance.drafted(confidence, acceptance.stateAfter(undefined));
      if (last !== undefined) acceptance.drafted(confidence, acceptance.stateAfter(last));
      acceptance.learn(confidence, accepted);
      // And behind a token that the text does not have it has to.
      last = accepted ? confidence : undefined;
    }
    this.#value = undefined;
  }

  /** What would have become of a proposal, used or not: its tokens up to the first that the text does not have. */
  learnOffer({ tokens, confidences }: Draft, outcome: RoundOutcome, rule: DrawRule): void {
    for (let i = 0; i < Math.min(tokens.length, outcome.tokens.length); i++) {
      const accepted = tokens[i] === outcome.tokens[i];
      this.acceptance(rule).learn(confidences[i]!, accepted);
      if (!accepted) return;
    }
  }

  /**
   * The judged tokens of a part of the draft, which begins at `from`. Those behind the first rejected one are no labels,
   * nor are those behind the end of what was written: nobody looked at them.
   */
  learnPart(from: number, beliefs: readonly number[], { draft, accepted, tokens }: RoundOutcome, rule: DrawRule): void {
    const end = Math.min(from + beliefs.length, accepted + 1, draft.tokens.length, tokens.length);
    for (let i = from; i < end; i++) this.acceptance(rule).learn(beliefs[i - from]!, i < accepted);
  }
}
