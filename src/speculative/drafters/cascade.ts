/**
 * Several drafters for one target: in every round the draft is put together from whoever's next part is worth most at its
 * measured price, never by an order or a threshold (algorithms.md 5).
 *
 * Those that cost nothing (lookup, prediction) are asked in every round and learn from every round, used or not. Models
 * are asked when what they may say is worth their forwards, and continue where another's part ends. Which of them drafts
 * for another draft model is that one's affair (ModelDrafterOptions.proposer).
 */
import type { Token } from '../distribution.js';
import type { Draft, Drafter, DraftPrice, RoundOutcome } from '../drafter.js';
import { AdaptiveRound } from '../length/adaptive.js';
import type { Economy } from '../length/economy.js';
import { type Market, Prospect } from '../length/market.js';
import type { DraftLength } from '../length/policy.js';
import type { Company } from '../length/shared-pass.js';
import type { TextBooks } from '../length/text-books.js';
import { headOf, NO_PROPOSAL, type Proposal, type ProposalRequest, type Proposer } from '../proposer.js';
import { Member } from './member.js';
import { joined, type Part, tokensOf } from './parts.js';

/** Catching up on more tokens than this is paid over the rounds that profit from it, the first of them bearing a share. */
const PAID_AT_ONCE = 8;
const LEAST_PAID = 0.25;
/** Models whose draft was not worth its forwards are not thought of again for so many rounds: nothing new is known of them. */
const REST_ROUNDS = 8;
/** Tokens of a probe. */
const PROBE_TOKENS = 32;
/** A text of fewer tokens shows nothing yet. */
const PROBE_FROM = 12;

export interface CascadeOptions {
  readonly drafters: readonly Drafter[];
  /** Of the text that is drafted for; whoever opened them closes them. */
  readonly books: TextBooks;
  /** Nothing is drafted behind a token that ends the text. */
  readonly isEnd: (token: Token) => boolean;
  /** Who shares the passes of the target now. */
  readonly company: Company;
}

/** What a drafter that costs nothing proposes behind the draft so far. */
interface Offer {
  readonly member: Member;
  readonly draft: Draft;
}

/** The next part that would be worth most: tokens gained by it over verifying what is there. */
interface Choice {
  readonly gain: number;
  take(): Promise<Part>;
}

const NO_OFFERS: readonly Offer[] = [];
const NOTHING: Choice = { gain: 0, take: () => Promise.reject(new Error('nothing to take')) };

interface OpenRound {
  readonly request: ProposalRequest;
  readonly market: Market;
  /** What was offered behind the context itself, whether it was taken or not. */
  readonly offers: readonly Offer[];
  readonly parts: Part[];
  readonly prospect: Prospect;
  probed: boolean;
  tried: boolean;
  /** What the models that were asked should have taken, milliseconds. */
  draftPrice: number;
}

export class Cascade implements Proposer {
  readonly #members: readonly Member[];
  /** Those that cost nothing, and the others. */
  readonly #free: readonly Member[];
  readonly #priced: readonly Member[];
  readonly #economy: Economy;
  readonly #isEnd: (token: Token) => boolean;
  readonly #max: number;
  readonly #company: Company;
  #round: OpenRound | undefined;
  /** Rounds in which models are left alone. */
  #rest = 0;

  constructor({ drafters, books, isEnd, company }: CascadeOptions) {
    this.#members = drafters.map((drafter) => new Member(drafter, books.of(drafter)));
    this.#free = this.#members.filter(({ drafter }) => drafter.price === undefined);
    this.#priced = this.#members.filter(({ drafter }) => drafter.price !== undefined);
    this.#economy = books.economy;
    this.#isEnd = isEnd;
    this.#max = books.max;
    this.#company = company;
  }

  async propose(request: ProposalRequest): Promise<Proposal> {
    const { context, prefix, rule, room } = request;
    const depth = context.length + prefix.length;
    const market = this.#economy.open({ rule, room, depth, others: this.#company.expected() });
    const offers = this.#free.length > 0 ? await this.#offers(request, Math.min(room, this.#max), []) : NO_OFFERS;
    const prospect = new Prospect(market);
    const round: OpenRound = {
      request,
      market,
      offers,
      parts: [],
      prospect,
      probed: false,
      tried: false,
      draftPrice: 0,
    };
    this.#round = round;
    if (this.#rest > 0) this.#rest -= 1;
    if (market.room > 0 && (this.#rest === 0 || offers.length > 0)) await this.#draft(round);
    const evidence = this.#priced.some(({ probing }) => probing.isDue) ? await this.#probe(round) : [];
    if (evidence.length > 0) this.#rest = 0;
    if (round.parts.length === 0) return this.#try(round) ?? { ...NO_PROPOSAL, evidence };
    return this.#conclude(round, evidence);
  }

  observe(outcome: RoundOutcome): void {
    for (const { drafter } of this.#members) drafter.observe(outcome);
    const round = this.#round;
    this.#round = undefined;
    if (round === undefined) {
      this.#economy.addUnasked(outcome);
      return;
    }
    const { offers, parts, probed, tried, draftPrice } = round;
    const { rule } = round.market;
    // Under rejection a model may have been asked and no token of its law admitted: that is a loss too.
    const drafted = parts.length > 0 || (draftPrice > 0 && !probed);
    const companions = this.#company.inLastPass();
    this.#economy.close({ outcome, drafted, probed, tried, draftPrice, companions });
    for (const { member, draft } of offers) member.learnOffer(draft, outcome, rule);
    for (const { member, from, beliefs } of parts) {
      if (from > 0 || member.drafter.price) member.learnPart(from, beliefs, outcome, rule);
    }
    for (const member of this.#priced) {
      member.record.fade();
      if (parts.some((part) => part.member === member)) member.probing.drafted();
      else member.probing.plain(outcome.tokens.length);
    }
  }

  close(): void {
    for (const { drafter } of this.#members) drafter.close();
  }

  /** Part by part, whichever is worth most, until none is worth anything. */
  async #draft(round: OpenRound): Promise<void> {
    const { request, market, parts, prospect } = round;
    // Who has just said all it wants; somebody else's part may give it more to say.
    const spent = new Set<Member>();
    for (let { offers } = round; ; ) {
      const models = this.#rest > 0 && parts.length === 0 ? [] : this.#priced;
      let choice = NOTHING;
      for (const offer of offers) {
        if (!spent.has(offer.member)) choice = better(choice, this.#takeOffer(round, offer));
      }
      for (const member of models) if (!spent.has(member)) choice = better(choice, this.#askModel(round, member));
      if (choice === NOTHING) {
        if (parts.length === 0 && this.#rest === 0) this.#rest = REST_ROUNDS;
        return;
      }
      const part = await choice.take();
      if (part.draft.tokens.length > 0) {
        spent.clear();
        parts.push(part);
      }
      spent.add(part.member);
      if (prospect.length >= market.room || this.#isEnd(part.draft.tokens.at(-1) ?? Number.NaN)) return;
      offers = await this.#offers(request, market.room - prospect.length, tokensOf(parts));
    }
  }

  async #offers(request: ProposalRequest, room: number, drafted: readonly Token[]): Promise<Offer[]> {
    const { context, rule, signal } = request;
    const prefix = [...request.prefix, ...drafted];
    const offers: Offer[] = [];
    for (const member of this.#free) {
      const most = Math.min(room, member.limit(rule, drafted.length));
      if (most === 0) continue;
      const length = everything(most);
      const whole = await member.drafter.propose({ context, prefix, rule, room: most, affordable: 0, length, signal });
      // What costs nothing is cut by what it says (see #takeOffer): nothing comes behind a token that ends the text.
      const end = whole.tokens.findIndex(this.#isEnd);
      const draft = headOf(whole, Math.min(most, end < 0 ? whole.tokens.length : end + 1));
      if (draft.tokens.length > 0) offers.push({ member, draft });
    }
    return offers;
  }

  #takeOffer({ market, prospect }: OpenRound, { member, draft }: Offer): Choice {
    const acceptance = member.acceptance(market.rule);
    const confidences = draft.confidences.slice(0, market.room - prospect.length);
    const probabilities = confidences.map((confidence) => acceptance.probability(confidence));
    const { worth, tokens } = prospect.worthWith(probabilities);
    return {
      gain: worth - prospect.worth(prospect.best),
      take: async () => {
        const from = prospect.length;
        for (const probability of probabilities.slice(0, tokens)) prospect.add(probability);
        // It was chosen and cut by what its tokens are, so laws that it may give are no longer those of its tokens.
        const { laws: _, ...certain } = headOf(draft, tokens);
        return { member, from, draft: certain, beliefs: confidences.slice(0, tokens) };
      },
    };
  }

  #askModel(round: OpenRound, member: Member): Choice {
    const { request, market, prospect, parts } = round;
    const { drafter } = member;
    const from = prospect.length;
    const affordable = this.#economy.affordable(market);
    const price = drafter.price!(request.context.length + request.prefix.length + from, affordable);
    const value = member.value(market, price);
    const forward = market.speed * price.next;
    const catchUp = market.speed * catchUpCharge(price);
    const start = member.acceptance(market.rule).stateAfter(undefined);
    const promised = forward + value(from, prospect.survival, start);
    const most = member.limit(market.rule, from);
    const cannot = most === 0 || price.first - price.next > affordable;
    const before = prospect.worth(from);
    return {
      gain: cannot
        ? Number.NEGATIVE_INFINITY
        : before + member.record.trust * promised - forward - catchUp - prospect.worth(prospect.best),
      take: async () => {
        const { context, rule, signal } = request;
        const acceptance = member.acceptance(rule);
        const length = new AdaptiveRound({ market, prospect, acceptance, value, max: most });
        const prefix = [...request.prefix, ...tokensOf(parts)];
        const room = market.room - from;
        const whole = await drafter.propose({ context, prefix, rule, room, affordable, length, signal });
        const draft = headOf(whole, Math.min(room, whole.tokens.length));
        length.hear(draft.confidences);
        const more = Math.max(0, draft.tokens.length - 1);
        round.draftPrice += price.first + (price.wider ?? 0) + more * price.next;
        const kept = rule === 'matching' ? prospect.best : prospect.length;
        member.record.add(promised, prospect.worth(Math.max(from, kept)) - before - more * forward);
        return { member, from, draft, beliefs: length.beliefs };
      },
    };
  }

  /** Under matching what is not worth verifying is dropped; under rejection that would change the law. */
  #conclude({ request, parts, prospect }: OpenRound, evidence: Proposal['evidence']): Proposal {
    const whole = joined(parts);
    const draft = headOf(whole, request.rule === 'matching' ? prospect.best : whole.tokens.length);
    return { draft, dropped: whole.tokens.length - draft.tokens.length, evidence };
  }

  /** A round whose draft is nothing but rows, where T(n) has not been seen for long. */
  #try(round: OpenRound): Proposal | undefined {
    const { context, room } = round.request;
    const count = this.#economy.trialTokens(round.market, context.length);
    const last = context[context.length - 1];
    if (count === 0 || count > room || last === undefined) return undefined;
    round.tried = true;
    const draft = { tokens: Array<Token>(count).fill(last), confidences: Array<number>(count).fill(0) };
    return { draft, dropped: 0, evidence: [] };
  }

  /** While no model drafts, one is tried now and then on what was written, paid from a budget. */
  async #probe(round: OpenRound): Promise<Proposal['evidence']> {
    const { request, market, parts } = round;
    const { context, rule, generated, prefix } = request;
    if (generated < PROBE_FROM || prefix.length > 0 || parts.some(({ member }) => member.drafter.price)) return [];
    for (const member of this.#priced) {
      const { drafter, probing } = member;
      if (!probing.isDue || drafter.probe === undefined) continue;
      const budget = this.#economy.probeBudget;
      const price = drafter.price!(context.length, budget);
      if (!this.#economy.bearsProbe(market, price)) continue;
      const evidence = await drafter.probe(context, Math.min(generated, PROBE_TOKENS), rule, budget);
      member.learnEvidence(evidence, rule);
      const start = member.acceptance(rule).stateAfter(undefined);
      if (member.value(market, price)(0, 1, start) > 0) this.#economy.encourage(market);
      probing.probed();
      round.probed = true;
      round.draftPrice += price.probe;
      return evidence;
    }
    return [];
  }
}

/** The first of two that are worth the same. */
function better(one: Choice, other: Choice): Choice {
  return other.gain > one.gain ? other : one;
}

/** What costs nothing is taken whole, and chosen from afterwards. */
function everything(room: number): DraftLength {
  return { wants: (confidences) => confidences.length < room, admits: () => true };
}

function catchUpCharge({ first, next, behind }: DraftPrice): number {
  return (first - next) * Math.min(1, Math.max(LEAST_PAID, PAID_AT_ONCE / Math.max(1, behind)));
}
