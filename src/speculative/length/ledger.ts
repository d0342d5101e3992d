/** What the ledger knows, in a form that can be stored. Times in milliseconds. */
export interface LedgerState {
  readonly elapsed: number;
  readonly loss: number;
  readonly probed: number;
}

/** Share of all time that may be lost to speculation, and again to probing. */
const SHARE = 0.01;
/** Plain tokens' time that may be lost at once, and gains that are remembered. */
const CREDIT = 4;
const MEMORY = 50;
/**
 * Plain tokens' time that a new text may lose whatever others lost, halved for each text that did lose, but never below
 * the share of a usual text's time: a draft model that could not pay for the prompt would never be heard again.
 */
const CHANCE = 2;
/** And at most this much: what other texts gained is not gambled away in one that is hard from its beginning. */
const MOST = 4;
/** Plain tokens' time that a text may begin to probe with, however little those before it used. */
const MOST_PROBES = 8;
/** A text's time changes what is usual by this share. */
const TEXT_RATE = 0.25;

/**
 * Keeps the promise "never slower" whatever the confidences say: the time that speculative rounds took beyond what the
 * same tokens would have taken plainly. While more is lost than allowed, nothing is drafted (algorithms.md 2.3, 6).
 */
export class Ledger {
  #elapsed: number;
  #loss: number;
  #probed: number;
  /** Of the text that is being written; and how much of a chance the next one gets. */
  #textLoss = 0;
  #textBegan: number;
  #trust = 1;
  /** What the next probe that finds something is worth, in plain tokens' time, and the text's loss at the last one. */
  #encouragement = { chance: CHANCE, textLoss: 0 };
  /** Milliseconds of the texts of late. */
  #usualText = 0;

  constructor(state: LedgerState = { elapsed: 0, loss: 0, probed: 0 }) {
    this.#elapsed = state.elapsed;
    this.#loss = state.loss;
    this.#probed = state.probed;
    this.#textBegan = state.elapsed;
  }

  /**
   * A new text begins. Drafts that were useless for the last one may be right for this one, so it gets a chance of its
   * own; texts that lose it make the chances of those after them smaller, until one gains.
   */
  beginText(plain: number): void {
    if (this.#textLoss > 0) this.#trust /= 2;
    else if (this.#textLoss < 0) this.#trust = 1;
    this.#textLoss = 0;
    this.#usualText += TEXT_RATE * (this.#elapsed - this.#textBegan - this.#usualText);
    this.#textBegan = this.#elapsed;
    const chance = Math.max(CHANCE * this.#trust * plain, SHARE * this.#usualText);
    this.#loss = Math.max(this.#lossLeaving(MOST * plain, plain), this.#loss);
    this.#leave(chance, plain);
    this.#encouragement = { chance: CHANCE, textLoss: 0 };
    // Others may have used up the budget, and where nobody looks nothing is ever found. What they left is not this one's.
    const budget = SHARE * this.#elapsed;
    this.#probed = Math.min(this.#probed, budget - SHARE * this.#usualText);
    this.#probed = Math.max(this.#probed, budget - Math.max(MOST_PROBES * plain, SHARE * this.#usualText));
  }

  /**
   * A probe has shown that drafts would pay in this text now, whatever it lost before: it may lose as much as a new one
   * may, and half of it the next time if that was lost, too.
   */
  encourage(plain: number): void {
    const { chance, textLoss } = this.#encouragement;
    this.#leave(chance * plain, plain);
    this.#encouragement = { chance: this.#textLoss > textLoss ? chance / 2 : CHANCE, textLoss: this.#textLoss };
  }

  /** Whether speculation may go on; `plain` is the time of one plain token now. */
  allows(plain: number): boolean {
    return this.#loss <= this.#lossLeaving(0, plain);
  }

  /** Milliseconds that may be lost now. */
  affordable(plain: number): number {
    return Math.max(0, this.#lossLeaving(0, plain) - this.#loss);
  }

  /** Milliseconds that are left for probes. */
  get probeBudget(): number {
    return Math.max(0, SHARE * this.#elapsed - this.#probed);
  }

  /** Whether a probe of that price may be paid. */
  allowsProbe(price: number): boolean {
    return price <= this.probeBudget;
  }

  /** A round without a draft, which costs what plain decoding costs. */
  addPlain(ms: number): void {
    this.#elapsed += ms;
  }

  /**
   * A round that drafted: `ms` for `tokens` tokens. Old gains are forgotten, so that they cannot be gambled away.
   * @param burden milliseconds that all other requests together waited for it
   */
  addSpeculative(ms: number, tokens: number, plain: number, burden = 0): void {
    const lost = ms - tokens * plain + burden;
    this.#elapsed += ms;
    this.#textLoss += lost;
    this.#loss = Math.max(-MEMORY * plain, this.#loss + lost);
  }

  /** A round whose draft was nothing but rows: what it took beyond its tokens' plain time is a probe. */
  addTrial(ms: number, plain: number, burden = 0): void {
    this.addProbe(ms - plain, burden);
    this.addPlain(plain);
  }

  addProbe(ms: number, burden = 0): void {
    this.#elapsed += ms;
    this.#probed += ms + burden;
    this.#loss += ms + burden;
  }

  /** The loss at which so many milliseconds may still be lost. */
  #lossLeaving(ms: number, plain: number): number {
    return SHARE * this.#elapsed + CREDIT * plain - ms;
  }

  /** From now on at least so many milliseconds may be lost. */
  #leave(ms: number, plain: number): void {
    this.#loss = Math.min(this.#loss, this.#lossLeaving(ms, plain));
  }

  toJSON(): LedgerState {
    return { elapsed: this.#elapsed, loss: this.#loss, probed: this.#probed };
  }
}
