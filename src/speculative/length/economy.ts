/**
 * What a round's time and tokens are worth, and the guards that keep speculation from ever being slower than plain decoding
 * (algorithms.md 2.3, 3 and 6, whose numbers these are).
 */
import type { DraftPrice, DrawRule, RoundOutcome } from '../drafter.js';
import type { Knowledge } from './knowledge.js';
import type { Market } from './market.js';
import { ALONE, type Companions, type Others, SharedPass } from './shared-pass.js';

/** The price of time forgets by this share a round. */
const SPEED_DECAY = 1 - 1 / 40;
/** Tokens that the speed a text begins with counts for. */
const FIRST_TOKENS = 5;
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
const BEST_ACCEPTANCE = 0.985;
const WORTHWHILE = 1.02;

export interface RoundSize {
  readonly rule: DrawRule;
  readonly room: number;
  /** Tokens of the context: the deeper, the dearer a pass. */
  readonly depth: number;
  /** Who is to be reckoned with in its pass. */
  readonly others: Others;
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
  /** Who was in its pass. */
  readonly companions: Companions;
}

/** What a round's pass shows: T(n), T(1), what the way back from a draft costs, or nothing, behind the prompt. */
type PassKind = 'draft' | 'plain' | 'wayBack' | 'first';

/** Of one text: a request, or a draft model that is drafted for in it. */
export class Economy {
  readonly #knowledge: Knowledge;
  readonly #max: number;
  /** Tokens and milliseconds of this text's last rounds; begins as plain decoding, since texts differ. */
  readonly #recent: { tokens: number; ms: number };
  /** What the round before was: behind a draft, or the prompt, a plain pass shows the way back and not T(1). */
  #before: 'plain' | 'draft' | 'prompt' = 'prompt';
  #state: 'open' | 'over' = 'open';
  /** As it was when the round began. */
  #pass = new SharedPass(ALONE.expected(), 1);
  #prices:
    | {
        readonly verify: readonly number[];
        readonly afterPlain: boolean;
        readonly depth: number;
        readonly pass: SharedPass;
      }
    | undefined;

  /** Counts as a text that may be drafted for until `end`. */
  constructor(knowledge: Knowledge, max: number) {
    this.#knowledge = knowledge;
    this.#max = max;
    this.#recent = { tokens: FIRST_TOKENS, ms: FIRST_TOKENS * knowledge.costs.at(1, 0) };
    knowledge.texts += 1;
    knowledge.ledger.beginText(knowledge.costs.at(1, 0));
  }

  /** The market of a round; with `room` 0 where the ledger forbids speculation, or T(1) has to be seen again. */
  open({ rule, room, depth, others }: RoundSize): Market {
    const { ledger, rounds } = this.#knowledge;
    this.#pass = new SharedPass(others, this.#knowledge.texts);
    const verify = this.#pricesAt(depth);
    const plain = verify[1]!;
    const allowed = ledger.allows(plain) && rounds.sincePlain < PLAIN_EVERY;
    return {
      rule,
      room: allowed ? Math.min(room, this.#max) : 0,
      // The current speed, since a token in a hard stretch is worth what a token costs there; never below plain decoding.
      speed: this.#pass.share * Math.max(this.#recent.tokens / this.#recent.ms, 1 / plain),
      verify,
    };
  }

  #pricesAt(depth: number): readonly number[] {
    const { costs } = this.#knowledge;
    const known = this.#prices;
    const afterPlain = this.#before === 'plain';
    const fresh = known !== undefined && depth < known.depth + PRICES_TOKENS && depth >= known.depth;
    if (fresh && known.afterPlain === afterPlain && known.pass.equals(this.#pass)) return known.verify;
    // The first draft behind plain rounds pays the way back to them, whenever that will be.
    const wayBack = afterPlain ? costs.wayBack(depth) : 0;
    const verify = [0];
    for (let rows = 1; rows <= this.#max + 2; rows++) {
      verify.push(costs.at(this.#pass.rowsIfAllHave(rows), depth) + (rows === 1 ? 0 : wayBack));
    }
    this.#prices = { verify, afterPlain, depth, pass: this.#pass };
    return verify;
  }

  /** Milliseconds that a drafter may spend now on what pays only later: catching up with the text. */
  affordable({ verify }: Market): number {
    return this.#knowledge.ledger.affordable(verify[1]!) / this.#pass.requests;
  }

  /** Whether even a draft that is nearly always right could pay, and the budget of probes bears one. */
  bearsProbe({ verify }: Market, { next, probe }: DraftPrice): boolean {
    // With the tokens of those whose time it takes, as in a market.
    const plain = this.#pass.share;
    let best = 0;
    for (let k = 1, expected = plain, survival = 1; k <= this.#max; k++) {
      survival *= BEST_ACCEPTANCE;
      expected += survival;
      best = Math.max(best, expected / (verify[k + 1]! + k * next));
    }
    return best >= (WORTHWHILE * plain) / verify[1]! && this.#knowledge.ledger.allowsProbe(this.#pass.requests * probe);
  }

  /**
   * Tokens to verify for nothing but the time it takes, 0 in nearly every round: a curve that was measured in a bad moment
   * would forbid for ever what it has no chance to see. Paid from the budget of probes.
   */
  trialTokens({ verify }: Market, depth: number): number {
    const { costs, ledger, rounds } = this.#knowledge;
    if (rounds.sinceVerified < TRIAL_EVERY) return 0;
    const rows = costs.leastSeen(TRIAL_ROWS.filter((count) => count <= this.#max + 1));
    const more = costs.at(this.#pass.rowsWith(rows), depth) - verify[1]!;
    if (!ledger.allowsProbe(this.#pass.requests * more)) return 0;
    // Requests that share the pass would all try the same.
    rounds.sinceVerified = 0;
    return rows - 1;
  }

  /** A probe has shown that drafts would pay in this text now. */
  encourage({ verify }: Market): void {
    this.#knowledge.ledger.encourage(verify[1]!);
  }

  /** Milliseconds that are left for probes. */
  get probeBudget(): number {
    return this.#knowledge.ledger.probeBudget / this.#pass.requests;
  }

  /** A round that nobody could draft for: the prompt, the last token. */
  addUnasked({ verifyMs }: RoundOutcome): void {
    this.#knowledge.ledger.addPlain(verifyMs);
    this.#before = 'prompt';
  }

  close({ outcome, drafted, probed, tried, draftPrice, companions: others }: Spending): void {
    const { position, tokens } = outcome;
    const { costs, ledger } = this.#knowledge;
    const recent = this.#recent;
    const { requests, share } = this.#pass;
    const rows = outcome.draft.tokens.length + 1 + others.rows;
    const kind = this.#kindOf(outcome);
    const expected = costs.at(rows, position) + (kind === 'wayBack' ? costs.wayBack(position) : 0);
    const passMs = outcome.verifyMs - others.waitedMs;
    // Alone, it was not for a draft: another model had the cores, or the event loop its turn.
    const waitedMs = requests > 1 ? others.waitedMs : 0;
    // What a prompt takes that rides along is nobody's loss here.
    const promptMs = costs.at(rows + others.promptRows, position) - costs.at(rows, position);
    const verifyMs =
      Math.min(waitedMs, CLIP * costs.at(this.#pass.rowsWith(1), position)) +
      Math.min(Math.max(0, passMs - promptMs), CLIP * expected);
    const draftMs = Math.min(outcome.draftMs, CLIP * draftPrice);
    if (others.promptRows === 0) this.#learnCosts(kind, rows, position, passMs);
    this.#countRounds(kind);
    const plain = costs.at(requests, position);
    const roundMs = verifyMs + (probed ? 0 : draftMs);
    // Who cannot draft keeps no books: what such requests wait for is lost here.
    const waitedFor = (share - 1) * Math.max(0, roundMs - plain);
    if (probed) ledger.addProbe(draftMs, (requests - 1) * draftMs);
    // The way back is the draft's affair, and so is what others' drafts take; and a pass of a draft model that admitted no
    // token (rejection) said that, where plainly it would have taken one, too.
    if (drafted || kind === 'wayBack') ledger.addSpeculative(roundMs, Math.max(1, tokens.length), plain, waitedFor);
    else if (tried) ledger.addTrial(roundMs, tokens.length * plain, (requests - 1) * Math.max(0, roundMs - plain));
    else if (this.#othersDraft(others))
      ledger.addSpeculative(Math.max(roundMs, tokens.length * plain), tokens.length, plain);
    else ledger.addPlain(roundMs);
    this.#before = kind === 'draft' ? 'draft' : 'plain';
    recent.tokens = SPEED_DECAY * recent.tokens + tokens.length;
    recent.ms = SPEED_DECAY * recent.ms + draftMs + verifyMs;
  }

  /** The text is over. Idempotent. */
  end(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#knowledge.texts -= 1;
  }

  /** In the pass that was made, or lately: who drafts makes others wait also where it is not in their passes. */
  #othersDraft({ requests, rows }: Others): boolean {
    return rows > requests || this.#pass.rowsWith(1) > this.#pass.requests;
  }

  #kindOf({ draft }: RoundOutcome): PassKind {
    if (draft.tokens.length > 0) return 'draft';
    return ({ plain: 'plain', draft: 'wayBack', prompt: 'first' } as const)[this.#before];
  }

  #learnCosts(kind: PassKind, rows: number, depth: number, ms: number): void {
    const { costs } = this.#knowledge;
    if (kind === 'draft' || kind === 'plain') costs.observe(rows, depth, ms);
    else if (kind === 'wayBack') costs.observeWayBack(rows, depth, ms);
  }

  #countRounds(kind: PassKind): void {
    const { rounds } = this.#knowledge;
    // Requests that share a pass each count a part of it.
    const pass = 1 / this.#pass.requests;
    rounds.sincePlain = kind === 'plain' ? 0 : rounds.sincePlain + pass;
    rounds.sinceVerified = kind === 'draft' ? 0 : rounds.sinceVerified + pass;
  }
}
