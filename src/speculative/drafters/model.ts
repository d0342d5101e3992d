import { commonLength } from '../common-length.js';
import { peakOf, probabilityOf, type Token } from '../distribution.js';
import type { Draft, Drafter, DraftPrice, DraftRequest, DrawRule, Evidence, RoundOutcome } from '../drafter.js';
import { EMPTY_DRAFT } from '../drafter.js';
import type { CostCurve } from '../length/cost-curve.js';
import type { Company } from '../length/shared-pass.js';
import type { Proposer } from '../proposer.js';
import { drawShared, type Noise, type Random } from '../random.js';
import type { Sampler } from '../sampler.js';
import type { Row, Sequence } from '../sequence.js';
import { DraftUnderWay } from './draft-under-way.js';

export interface ModelDrafterOptions {
  readonly name: string;
  /** The draft model's own timeline, in the target's token ids. The drafter closes it. */
  readonly sequence: Sequence;
  /** Turns the draft's logits into q. Copying the target's transforms raises acceptance; any law is allowed. */
  readonly sampler: Sampler;
  /** The target's noise, for matching rules: sharing it is what makes draws agree. */
  readonly noise: Noise;
  /** Independent draws, for rejection rules. */
  readonly random: Random;
  /** Nothing is drafted behind a token that ends the text. */
  readonly isEnd: (token: Token) => boolean;
  /** What a pass of the draft model costs; kept up to date, here or by the proposer. */
  readonly costs: CostCurve;
  /** Who shares the passes of the draft model. */
  readonly company: Company;
  /** Drafts for the draft model, where its own batch is cheap: lookup, a smaller model (algorithms.md 5). The drafter closes it. */
  readonly proposer?: Proposer | undefined;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
}

/** A timeline that lacks most of a text sees at least this much of its end. */
const LEAST_WINDOW = 32;
/** At most so many tokens are drafted for the draft model at once. */
const HINT = 8;

/** What a timeline has to evaluate before it can propose. */
interface CatchUp {
  readonly tokens: number;
  /** From the hole on: a timeline that knows a short end of the text behind it can afford a longer one by now. */
  readonly anew: boolean;
}

/** What stands behind the context in timeline or sampler, or may: tokens that others drafted, and then its own. */
interface Ahead {
  /** Length of the context when they came. */
  readonly from: number;
  /** Grows with the draft under way. */
  readonly drafted: readonly Token[];
  readonly prefix: readonly Token[];
}

/**
 * A small model that rides ahead, token by token.
 *
 * Its cache is never evaluated twice: after a rejection it is trimmed to what the text has of it, after full acceptance
 * it lacks the last draft token, which joins the next round's first batch (algorithms.md 2.3, 7). While nobody asks it to
 * draft it costs nothing. It catches up in one batch when asked again, on as much of the text's end as it may spend; later,
 * when there is more to spend, on more. Its positions are its own: what it never saw is a hole that it knows nothing of.
 */
export class ModelDrafter implements Drafter {
  readonly name: string;
  readonly #options: ModelDrafterOptions;
  #ahead: Ahead = { from: 0, prefix: [], drafted: [] };
  /** Tokens of the text that were never seen: its length less this is the timeline's. */
  #skipped = 0;
  /** Where the first of them are missing, if any are: what the timeline has before that is the text's beginning. */
  #hole = 0;

  constructor(options: ModelDrafterOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async propose(request: DraftRequest): Promise<Draft> {
    const { context, prefix, length, affordable } = request;
    const text = prefix.length === 0 ? context : [...context, ...prefix];
    this.#settle(0, text);
    // A token that was dropped and then said may be there already; only its row tells what comes next.
    this.#trim(text.length - 1);
    this.#remember(text, text.length);
    const draft = new DraftUnderWay(request, this.#options);
    this.#ahead = { from: context.length, prefix, drafted: draft.tokens };
    let pending = this.#catchUp(text, text.length, affordable);
    while (draft.isOpen && this.#fits(pending.length) && length.wants(draft.confidences)) {
      await this.#forward(request, draft, pending);
      pending = draft.tokens.slice(-1);
    }
    return draft.tokens.length === 0 ? EMPTY_DRAFT : draft.whole;
  }

  price(length: number, affordable: number): DraftPrice {
    const { costs, sequence, company } = this.#options;
    const { tokens, anew } = this.#plan(length, affordable);
    // Those who draft at the same time have a row each in the same pass.
    const { requests } = company.expected();
    const passOf = (rows: number): number => costs.at(rows + requests, sequence.length);
    const next = passOf(1);
    const probe = passOf(tokens);
    if (!anew) return { first: probe, next, probe, behind: tokens };
    // A wider view is nobody's duty: whether to draft at all is decided by what has to be caught up on.
    const behind = this.#window(length, affordable);
    const first = passOf(behind);
    return { first, next, probe, behind, wider: probe - first };
  }

  /** One batch over tokens that are known: each row says what would have been drafted, with what confidence. */
  async probe(
    context: readonly Token[],
    count: number,
    rule: DrawRule,
    affordable: number,
  ): Promise<readonly Evidence[]> {
    const { sequence, noise, sampler } = this.#options;
    this.#settle(0, context);
    // The last token has no successor yet: it stays for the next proposal.
    const tokens = this.#catchUp(context, context.length - 1, affordable);
    if (tokens.length === 0 || !this.#fits(tokens.length)) return [];
    // An empty timeline begins with the text's first token: where a hole is behind it, that one predicts nothing here.
    const led = this.#skipped > 0 && sequence.length === 0;
    const rows = Math.min(count, tokens.length - Number(led));
    const first = context.length - rows;
    sampler.rewind(Math.min(sampler.length, first));
    return this.#timed(tokens, rows, (seen) =>
      seen.map((row, i) => {
        this.#remember(context, first + i);
        const q = sampler.law(row);
        const token = drawShared(q, noise, first + i);
        const confidence = rule === 'matching' ? probabilityOf(q, token) : peakOf(q);
        return { confidence, accepted: token === context[first + i] };
      }),
    );
  }

  observe({ position, tokens }: RoundOutcome): void {
    this.#settle(position, tokens);
  }

  close(): void {
    this.#options.sequence.close();
    this.#options.proposer?.close();
  }

  /** One pass: the pending tokens, with what is drafted for them; the rows are judged as far as they agree. */
  async #forward(request: DraftRequest, draft: DraftUnderWay, pending: readonly Token[]): Promise<void> {
    const { sequence, proposer } = this.#options;
    const room = Math.min(HINT, draft.room - 1, sequence.capacity - sequence.length - pending.length);
    // In a pass that does nothing else: one that catches up is as dear with a hint as it is long.
    if (proposer !== undefined && pending.length === 1 && room > 0) {
      return this.#forwardWithHint(proposer, request, draft, pending, room);
    }
    await this.#timed(pending, 1, (rows) => draft.judge(rows, []));
  }

  async #forwardWithHint(
    proposer: Proposer,
    { context, prefix, signal }: DraftRequest,
    draft: DraftUnderWay,
    pending: readonly Token[],
    room: number,
  ): Promise<void> {
    const { sequence, company, now } = this.#options;
    const began = now();
    const before = draft.tokens.length;
    const known = [...prefix, ...draft.tokens];
    const asked = { context, prefix: known, rule: 'matching', room, generated: 0, signal } as const;
    const { draft: hint, dropped, evidence } = await proposer.propose(asked);
    const hinted = now();
    const batch = [...pending, ...hint.tokens];
    await sequence.evaluate(batch, hint.tokens.length + 1, (rows) => draft.judge(rows, hint.tokens));
    const tokens = draft.tokens.slice(before);
    const accepted = commonLength(tokens, hint.tokens);
    // What is pending next is always the draft's last token, so the timeline never keeps that one.
    sequence.rewind(sequence.length - hint.tokens.length + Math.min(accepted, Math.max(0, tokens.length - 1)));
    // The proposer learns the costs of this pass, too.
    const position = context.length + known.length;
    const times = { draftMs: hinted - began, verifyMs: now() - hinted - company.inLastPass().waitedMs };
    proposer.observe({ position, draft: hint, accepted, dropped, tokens, evidence, ...times });
  }

  /** Evaluates tokens, reads the last `rows` positions, and learns what the pass costs, at all the rows that it had. */
  async #timed<T>(tokens: readonly Token[], rows: number, read: (rows: readonly Row[]) => T): Promise<T> {
    const { sequence, costs, company, now } = this.#options;
    const depth = sequence.length;
    const began = now();
    const result = await sequence.evaluate(tokens, rows, read);
    const others = company.inLastPass();
    costs.observe(tokens.length + others.rows + others.promptRows, depth, now() - began - others.waitedMs);
    return result;
  }

  /** The tokens that the timeline lacks up to `end`, those at the end of them that it may afford, and the very first for an empty one. */
  #catchUp(text: readonly Token[], end: number, affordable: number): readonly Token[] {
    const { sequence } = this.#options;
    const { tokens, anew } = this.#plan(end, affordable);
    if (anew) {
      sequence.rewind(this.#hole);
      this.#skipped = 0;
    }
    const missing = text.slice(sequence.length + this.#skipped, end);
    const tooMany = missing.length - tokens;
    if (tooMany <= 0) return missing;
    if (this.#skipped === 0) this.#hole = Math.max(1, sequence.length);
    this.#skipped += tooMany;
    // Models lean on the first token of a text (attention sinks): an empty timeline begins with it all the same.
    return sequence.length === 0 ? [missing[0]!, ...missing.slice(tooMany + 1)] : missing.slice(tooMany);
  }

  #plan(end: number, affordable: number): CatchUp {
    const { costs, sequence } = this.#options;
    const wider = Math.min(end - this.#hole, 4 * Math.max(LEAST_WINDOW, sequence.length - this.#hole));
    // A wider view is a gamble, so only half of what may be lost is put into it.
    const anew = this.#skipped > 0 && 2 * costs.at(wider, this.#hole) <= affordable;
    return anew ? { tokens: wider, anew } : { tokens: this.#window(end, affordable), anew };
  }

  /** The tokens that it lacks, or as many of the last of them as it may afford. */
  #window(end: number, affordable: number): number {
    const { costs, sequence } = this.#options;
    let tokens = Math.max(1, end - sequence.length - this.#skipped);
    while (tokens > LEAST_WINDOW && costs.at(tokens, sequence.length) > affordable) {
      tokens = Math.max(LEAST_WINDOW, tokens >> 1);
    }
    return tokens;
  }

  /** Brings the sampler's history to the first `length` tokens of the text. */
  #remember(text: readonly Token[], length: number): void {
    const { sampler } = this.#options;
    for (let i = sampler.length; i < length; i++) sampler.push(text[i]!);
  }

  /**
   * Takes back what it has ahead from the first token on that is not that of `text`, whose first token stands at
   * `position`: after a round, after others drafted something else, and after a round that threw, which nobody judged.
   */
  #settle(position: number, text: readonly Token[]): void {
    const { sampler } = this.#options;
    const { from, prefix, drafted } = this.#ahead;
    const tokens = [...prefix, ...drafted];
    // Whoever knows the text from `position` on asked for what stands before it.
    const start = Math.max(0, position - from);
    const agreed = start + commonLength(tokens.slice(start), text.slice(from + start - position));
    this.#ahead = { from, prefix: tokens.slice(0, agreed), drafted: [] };
    if (agreed >= tokens.length) return;
    this.#trim(from + agreed);
    sampler.rewind(Math.min(sampler.length, from + agreed));
  }

  /** Leaves in the timeline at most what it has of the text's first `end` tokens. */
  #trim(end: number): void {
    const { sequence } = this.#options;
    const length = end - this.#skipped;
    if (sequence.length <= length) return;
    if (this.#skipped === 0 || length > this.#hole) {
      sequence.rewind(length);
      return;
    }
    // What is left has no hole.
    sequence.rewind(Math.min(this.#hole, end));
    this.#skipped = 0;
  }

  #fits(tokens: number): boolean {
    const { sequence } = this.#options;
    return sequence.length + tokens <= sequence.capacity;
  }
}
