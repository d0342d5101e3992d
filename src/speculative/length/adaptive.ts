/**
 * Draft length by measured cost and calibrated confidence: never slower than plain decoding, whatever the draft is worth
 * (algorithms.md 2.3, whose numbers the comments give). DSpark's scheduler with an ordinary draft model that is
 * calibrated online, and guards.
 *
 * S is the survival of the draft so far, the probability that all of it is accepted; G the expected number of accepted
 * tokens; T(n) the time of verifying n rows; speed the tokens that a millisecond is worth.
 */
import type { RoundOutcome } from '../drafter.js';
import type { AcceptanceModel } from './acceptance-model.js';
import { draftingValue } from './drafting-value.js';
import type { Knowledge } from './knowledge.js';
import type { LengthPolicy, RoundLength, RoundStart } from './policy.js';

/** Cold, a round drafts at most this many tokens, until so many were judged. */
const COLD_MAX = 8;
const COLD_JUDGED = 64;
/** The price of time forgets by this share a round; the table is made anew after so many rounds. */
const SPEED_DECAY = 1 - 1 / 40;
const TABLE_ROUNDS = 8;
/** Tokens of a probe; the acceptance that no draft will exceed, and what it must gain to be worth one. */
const PROBE_TOKENS = 32;
const BEST_ACCEPTANCE = 0.95;
const WORTHWHILE = 1.02;
/** Without plain rounds T(1) grows stale: one is forced after so many others. */
const PLAIN_EVERY = 200;

export interface AdaptiveOptions {
  readonly knowledge: Knowledge;
  /** Names the acceptance model to use: drafts of one kind share one. */
  readonly kind: string;
  /** Never drafted more. */
  readonly max: number;
}

export class AdaptiveLength implements LengthPolicy {
  readonly name = 'adaptive';
  readonly #knowledge: Knowledge;
  readonly #acceptance: AcceptanceModel;
  readonly #max: number;
  #value: ((drafted: number, survival: number) => number) | undefined;
  #tableAge = 0;
  #round: AdaptiveRound | undefined;
  #sincePlain = 0;

  constructor({ knowledge, kind, max }: AdaptiveOptions) {
    this.#knowledge = knowledge;
    this.#acceptance = knowledge.acceptanceOf(kind);
    this.#max = max;
  }

  begin(start: RoundStart): RoundLength {
    const { costs, ledger, recent } = this.#knowledge;
    const verify = Array.from({ length: this.#max + 2 }, (_, rows) => (rows === 0 ? 0 : costs.at(rows, start.depth)));
    // (3) the current speed, since a token in a hard stretch is worth what a token costs there; never below plain.
    const speed = Math.max(recent.tokens / recent.ms, 1 / verify[1]!);
    if (this.#value === undefined || this.#tableAge >= TABLE_ROUNDS) {
      const outlook = this.#acceptance.outlook();
      this.#value = draftingValue({ max: this.#max, speed, verify, forward: start.price.next, outlook });
      this.#tableAge = 0;
    }
    this.#tableAge += 1;
    const warm = this.#acceptance.judged >= COLD_JUDGED;
    this.#round = new AdaptiveRound({
      start,
      room:
        ledger.allows(verify[1]!) && this.#sincePlain < PLAIN_EVERY
          ? Math.min(start.room, this.#max, warm ? Number.POSITIVE_INFINITY : COLD_MAX)
          : 0,
      speed,
      verify,
      acceptance: this.#acceptance,
      value: this.#value,
      probes: () => this.#probeTokens(start, verify),
    });
    return this.#round;
  }

  observe(outcome: RoundOutcome): void {
    const { draft, dropped, tokens, evidence, position, draftMs, verifyMs } = outcome;
    const { costs, ledger, recent, probing } = this.#knowledge;
    const rows = draft.tokens.length + 1;
    const round = this.#round;
    this.#round = undefined;
    // A round that nobody asked about (the prompt, the last token) says nothing about rounds.
    if (round === undefined) {
      ledger.addPlain(verifyMs);
      return;
    }
    costs.observe(rows, position, verifyMs);
    const plain = costs.at(1, position);
    round.learn(outcome.accepted, rows - 1);
    for (const { confidence, accepted } of evidence) {
      this.#acceptance.drafted(confidence);
      this.#acceptance.learn(confidence, accepted);
    }
    if (evidence.length > 0) {
      ledger.addProbe(draftMs);
      probing.probed();
      this.#value = undefined;
    }
    if (draft.tokens.length + dropped > 0) {
      ledger.addSpeculative(draftMs + verifyMs, tokens.length, plain);
      probing.drafted();
    } else {
      ledger.addPlain(verifyMs);
      probing.plain(tokens.length);
    }
    this.#sincePlain = rows === 1 ? 0 : this.#sincePlain + 1;
    recent.tokens = SPEED_DECAY * recent.tokens + tokens.length;
    recent.ms = SPEED_DECAY * recent.ms + draftMs + verifyMs;
  }

  /** (6) While speculation is off, a probe now and then, paid from a budget, if the best of drafts could pay at all. */
  #probeTokens({ price }: RoundStart, verify: readonly number[]): number {
    const { ledger, probing } = this.#knowledge;
    if (!probing.isDue) return 0;
    let best = 0;
    for (let k = 1, expected = 1, survival = 1; k <= this.#max; k++) {
      survival *= BEST_ACCEPTANCE;
      expected += survival;
      best = Math.max(best, expected / (verify[k + 1]! + k * price.next));
    }
    if (best < WORTHWHILE / verify[1]!) return 0;
    return ledger.allowsProbe(price.probe) ? PROBE_TOKENS : 0;
  }
}

interface AdaptiveRoundParts {
  readonly start: RoundStart;
  /** Tokens that may be drafted, after the guards. */
  readonly room: number;
  readonly speed: number;
  readonly verify: readonly number[];
  readonly acceptance: AcceptanceModel;
  readonly value: (drafted: number, survival: number) => number;
  readonly probes: () => number;
}

/** (5) The decisions of one round. */
class AdaptiveRound implements RoundLength {
  readonly #parts: AdaptiveRoundParts;
  /** What the acceptance of each drafted token was judged by: its confidence, or under rejection the peak of its law. */
  readonly #beliefs: number[] = [];
  /** G and S after each number of drafted tokens. */
  readonly #expected = [0];
  readonly #survival = [1];

  constructor(parts: AdaptiveRoundParts) {
    this.#parts = parts;
  }

  wants(confidences: readonly number[]): boolean {
    const { start, room, speed, value } = this.#parts;
    if (start.rule === 'matching')
      for (let i = this.#beliefs.length; i < confidences.length; i++) this.#add(confidences[i]!);
    const k = this.#beliefs.length;
    if (k >= room) return false;
    const catchUp = k === 0 ? speed * (start.price.first - start.price.next) : 0;
    const goOn = this.#worth(k) + value(k, this.#survival[k]!) - catchUp;
    return goOn > this.#worth(this.#best(k));
  }

  admits(peak: number): boolean {
    const { start, speed, verify, acceptance, value } = this.#parts;
    if (start.rule === 'matching') return true;
    const k = this.#beliefs.length;
    const survival = this.#survival[k]! * acceptance.probability(peak);
    const gain = survival - speed * (verify[k + 2]! - verify[k + 1]!) + Math.max(0, value(k + 1, survival));
    if (gain <= 0) return false;
    this.#add(peak);
    return true;
  }

  keep(confidences: readonly number[]): number {
    for (let i = this.#beliefs.length; i < confidences.length; i++) this.#add(confidences[i]!);
    return this.#best(this.#beliefs.length);
  }

  probes(): number {
    return this.#parts.probes();
  }

  /** (2) Accepted tokens and the first rejected one are labels; those behind it are not. */
  learn(accepted: number, verified: number): void {
    for (let i = 0; i < Math.min(accepted + 1, verified); i++)
      this.#parts.acceptance.learn(this.#beliefs[i]!, i < accepted);
  }

  #add(belief: number): void {
    const { acceptance } = this.#parts;
    const k = this.#beliefs.length;
    const survival = this.#survival[k]! * acceptance.probability(belief);
    acceptance.drafted(belief);
    this.#beliefs.push(belief);
    this.#survival.push(survival);
    this.#expected.push(this.#expected[k]! + survival);
  }

  /** The value of verifying k tokens now, the draft being paid: G_k - speed T(k+1). */
  #worth(k: number): number {
    return this.#expected[k]! - this.#parts.speed * this.#parts.verify[k + 1]!;
  }

  #best(drafted: number): number {
    let best = 0;
    for (let k = 1; k <= drafted; k++) if (this.#worth(k) > this.#worth(best)) best = k;
    return best;
  }
}
