/**
 * What a round's time and tokens are worth, and the guards that keep speculation from ever being slower than plain decoding
 * (algorithms.md 2.3, 3 and 6, whose numbers these are).
 */
import type { DraftPrice, DrawRule, RoundOutcome } from '../drafter.js';
import type { Knowledge } from './knowledge.js';
import type { Market } from './market.js';

/** The price of time forgets by this share a round. */
const SPEED_DECAY = 1 - 1 / 40;
/** Without plain rounds behind plain ones T(1) grows stale: they are forced after so many others. */
const PLAIN_EVERY = 32;
/** Without verifications T(n) does: after so many plain rounds one of these row counts is tried. */
const TRIAL_EVERY = 256;
const TRIAL_ROWS = [4, 8, 2];
/** T(n) is looked up again after so many tokens, and where others' rows are another number. */
const PRICES_TOKENS = 4;
/** A round that was interrupted by another program is no loss of speculation: no time counts as more than this times its price. */
const CLIP = 1.5;
/** The acceptance that no draft will exceed, and what it must gain to be worth a probe. */
const BEST_ACCEPTANCE = 0.95;
const WORTHWHILE = 1.02;

export interface RoundSize {
  readonly rule: DrawRule;
  readonly room: number;
  /** Tokens of the context: the deeper, the dearer a pass. */
  readonly depth: number;
}

/** How a round was spent, for the books. */
export interface Spending {
  readonly outcome: RoundOutcome;
  /** For what it was: a draft, a probe of a drafter beside whatever was verified, a trial of a row count. */
  readonly drafted: boolean;
  readonly probed: boolean;
  readonly tried: boolean;
  /** What the draft should have taken, milliseconds. */
  readonly draftPrice: number;
}

/** What a round's pass shows: T(n), T(1), what the way back from a draft costs, or nothing, behind the prompt. */
type Pass = 'draft' | 'plain' | 'wayBack' | 'first';

/** Of one text: a request, or a draft model that is drafted for in it. */
export class Economy {
  readonly #knowledge: Knowledge;
  readonly #max: number;
  readonly #otherRows: () => number;
  /** What the round before was: behind a draft, or the prompt, a plain pass shows the way back and not T(1). */
  #before: 'plain' | 'draft' | 'prompt' = 'prompt';
  /** Rows of other requests when the round began. */
  #others = 0;
  #prices:
    | {
        readonly verify: readonly number[];
        readonly afterPlain: boolean;
        readonly depth: number;
        readonly others: number;
      }
    | undefined;

  /** @param otherRows rows that other requests put into a pass now: those are paid by them, but they make ours dearer */
  constructor(knowledge: Knowledge, max: number, otherRows: () => number) {
    this.#knowledge = knowledge;
    this.#max = max;
    this.#otherRows = otherRows;
    knowledge.ledger.beginText(knowledge.costs.at(1, 0));
  }

  /** The market of a round; with `room` 0 where the ledger forbids speculation, or T(1) has to be seen again. */
  open({ rule, room, depth }: RoundSize): Market {
    const { ledger, recent, rounds } = this.#knowledge;
    this.#others = this.#otherRows();
    const verify = this.#pricesAt(depth);
    const plain = verify[1]!;
    const allowed = ledger.allows(plain) && rounds.sincePlain < PLAIN_EVERY;
    return {
      rule,
      room: allowed ? Math.min(room, this.#max) : 0,
      // The current speed of all requests together, since a token in a hard stretch is worth what a token costs there;
      // never below plain decoding.
      speed: (1 + this.#others) * Math.max(recent.tokens / recent.ms, 1 / plain),
      verify,
    };
  }

  #pricesAt(depth: number): readonly number[] {
    const { costs } = this.#knowledge;
    const known = this.#prices;
    const afterPlain = this.#before === 'plain';
    const fresh = known !== undefined && depth < known.depth + PRICES_TOKENS && depth >= known.depth;
    if (fresh && known.afterPlain === afterPlain && known.others === this.#others) return known.verify;
    // The first draft behind plain rounds pays the way back to them, whenever that will be.
    const wayBack = afterPlain ? costs.wayBack(depth) : 0;
    const verify = [0, costs.at(1 + this.#others, depth)];
    for (let rows = 2; rows <= this.#max + 2; rows++) verify.push(costs.at(rows + this.#others, depth) + wayBack);
    this.#prices = { verify, afterPlain, depth, others: this.#others };
    return verify;
  }

  /** Milliseconds that a drafter may spend now on what pays only later: catching up with the text. */
  affordable({ verify }: Market): number {
    return this.#knowledge.ledger.affordable(verify[1]!);
  }

  /** Whether even a draft that is nearly always right could pay, and the budget of probes bears one. */
  bearsProbe({ verify }: Market, { next, probe }: DraftPrice): boolean {
    // By the speed of all requests together, as in a market.
    const plain = 1 + this.#others;
    let best = 0;
    for (let k = 1, expected = plain, survival = 1; k <= this.#max; k++) {
      survival *= BEST_ACCEPTANCE;
      expected += survival;
      best = Math.max(best, expected / (verify[k + 1]! + k * next));
    }
    return best >= (WORTHWHILE * plain) / verify[1]! && this.#knowledge.ledger.allowsProbe(probe);
  }

  /**
   * Tokens to verify for nothing but the time it takes, 0 in nearly every round: a curve that was measured in a bad moment
   * would forbid for ever what it has no chance to see. Paid from the budget of probes.
   */
  trialTokens({ verify }: Market): number {
    if (this.#knowledge.rounds.sinceVerified < TRIAL_EVERY) return 0;
    const rows = this.#knowledge.costs.leastSeen(TRIAL_ROWS.filter((count) => count <= this.#max + 1));
    return this.#knowledge.ledger.allowsProbe(verify[rows]! - verify[1]!) ? rows - 1 : 0;
  }

  /** Milliseconds that are left for probes. */
  get probeBudget(): number {
    return this.#knowledge.ledger.probeBudget;
  }

  /** A round that nobody could draft for: the prompt, the last token. */
  addUnasked({ verifyMs }: RoundOutcome): void {
    this.#knowledge.ledger.addPlain(verifyMs);
    this.#before = 'prompt';
  }

  close({ outcome, drafted, probed, tried, draftPrice }: Spending): void {
    const { position, tokens } = outcome;
    const { costs, ledger, recent } = this.#knowledge;
    const rows = outcome.draft.tokens.length + 1 + this.#others;
    const pass = this.#passOf(outcome);
    const expected = costs.at(rows, position) + (pass === 'wayBack' ? costs.wayBack(position) : 0);
    const verifyMs = Math.min(outcome.verifyMs, CLIP * expected);
    const draftMs = Math.min(outcome.draftMs, CLIP * draftPrice);
    this.#learnCosts(pass, rows, outcome);
    const plain = costs.at(1 + this.#others, position);
    if (probed) ledger.addProbe(draftMs);
    const roundMs = verifyMs + (probed ? 0 : draftMs);
    // The way back is the draft's affair; and a pass of a draft model that admitted no token (rejection) said that, where
    // plainly it would have taken one, too.
    if (drafted || pass === 'wayBack') ledger.addSpeculative(roundMs, Math.max(1, tokens.length), plain);
    else if (tried) ledger.addTrial(roundMs, tokens.length * plain);
    else ledger.addPlain(roundMs);
    this.#before = pass === 'draft' ? 'draft' : 'plain';
    recent.tokens = SPEED_DECAY * recent.tokens + tokens.length;
    recent.ms = SPEED_DECAY * recent.ms + draftMs + verifyMs;
  }

  #passOf({ draft }: RoundOutcome): Pass {
    if (draft.tokens.length > 0) return 'draft';
    return ({ plain: 'plain', draft: 'wayBack', prompt: 'first' } as const)[this.#before];
  }

  #learnCosts(pass: Pass, rows: number, { position, verifyMs }: RoundOutcome): void {
    const { costs, rounds } = this.#knowledge;
    if (pass === 'draft' || pass === 'plain') costs.observe(rows, position, verifyMs);
    else if (pass === 'wayBack') costs.observeWayBack(rows, position, verifyMs);
    rounds.sincePlain = pass === 'plain' ? 0 : rounds.sincePlain + 1;
    rounds.sinceVerified = pass === 'draft' ? 0 : rounds.sinceVerified + 1;
  }
}
