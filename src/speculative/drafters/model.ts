import { peakOf, probabilityOf, type Token } from '../distribution.js';
import type { Draft, Drafter, DraftPrice, DraftRequest, DrawRule, Evidence, RoundOutcome } from '../drafter.js';
import { EMPTY_DRAFT } from '../drafter.js';
import type { CostCurve } from '../length/cost-curve.js';
import { NO_PROPOSAL, type Proposal, type Proposer } from '../proposer.js';
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
  /** From an empty timeline: one that knows a short end of the text can afford a longer one by now. */
  readonly anew: boolean;
}

/**
 * A small model that rides ahead, token by token.
 *
 * Its cache is never evaluated twice, but for a token that was dropped and the target then said: after a rejection it is
 * trimmed, after full acceptance it lacks the last draft token, which joins the next round's first batch (algorithms.md
 * 2.3, 7). While nobody asks it to draft it costs nothing. It catches up in one batch when asked again, on as much of the
 * text's end as it may spend; later, when there is more to spend, on more. Its positions are its own: what it never saw is
 * a hole that it knows nothing of.
 */
export class ModelDrafter implements Drafter {
  readonly name: string;
  readonly #options: ModelDrafterOptions;
  /** Length of the context of the round that is being drafted for, while nobody has judged it. */
  #base: number | undefined;
  /** Tokens of the text that were never seen: its length less this is the timeline's. */
  #skipped = 0;

  constructor(options: ModelDrafterOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async propose(request: DraftRequest): Promise<Draft> {
    const { context, prefix, length, affordable } = request;
    if (prefix.length === 0) this.#settle(0);
    this.#base ??= context.length;
    const text = prefix.length === 0 ? context : [...context, ...prefix];
    this.#remember(text, text.length);
    const draft = new DraftUnderWay(request, this.#options);
    let pending = this.#catchUp(text, text.length, affordable);
    while (draft.isOpen && this.#fits(pending.length) && length.wants(draft.confidences)) {
      await this.#forward(request, draft, pending);
      pending = draft.tokens.slice(-1);
    }
    return draft.tokens.length === 0 ? EMPTY_DRAFT : draft.whole;
  }

  price(length: number, affordable: number): DraftPrice {
    const { costs, sequence } = this.#options;
    const { tokens } = this.#plan(length, affordable);
    const first = costs.at(tokens, sequence.length);
    return { first, next: costs.at(1, sequence.length), probe: first, behind: tokens };
  }

  /** One batch over tokens that are known: each row says what would have been drafted, with what confidence. */
  async probe(
    context: readonly Token[],
    count: number,
    rule: DrawRule,
    affordable: number,
  ): Promise<readonly Evidence[]> {
    const { noise, sampler } = this.#options;
    this.#settle(0);
    // The last token has no successor yet: it stays for the next proposal.
    const tokens = this.#catchUp(context, context.length - 1, affordable);
    if (tokens.length === 0 || !this.#fits(tokens.length)) return [];
    const rows = Math.min(count, tokens.length);
    const first = context.length - rows;
    sampler.rewind(Math.min(sampler.length, first));
    return this.#evaluate(tokens, rows, (seen) =>
      seen.map((row, i) => {
        this.#remember(context, first + i);
        const q = sampler.law(row);
        const token = drawShared(q, noise, first + i);
        const confidence = rule === 'matching' ? probabilityOf(q, token) : peakOf(q);
        return { confidence, accepted: token === context[first + i] };
      }),
    );
  }

  observe({ accepted }: RoundOutcome): void {
    this.#settle(accepted);
  }

  close(): void {
    this.#options.sequence.close();
    this.#options.proposer?.close();
  }

  /** One pass: the pending tokens, with what is drafted for them; the rows are judged as far as they agree. */
  async #forward(request: DraftRequest, draft: DraftUnderWay, pending: readonly Token[]): Promise<void> {
    const { sequence, proposer, now } = this.#options;
    const began = now();
    const { draft: hint, dropped } = await this.#hint(request, draft, pending.length);
    const hinted = now();
    const batch = [...pending, ...hint.tokens];
    const before = draft.tokens.length;
    await this.#evaluate(batch, hint.tokens.length + 1, (rows) => draft.judge(rows, hint.tokens));
    const tokens = draft.tokens.slice(before);
    const accepted = agreement(tokens, hint.tokens);
    const wrong = hint.tokens.length - accepted;
    if (wrong > 0) sequence.rewind(sequence.length - wrong);
    if (tokens.length === 0) return;
    const times = { draftMs: hinted - began, verifyMs: now() - hinted };
    proposer?.observe({ position: sequence.length, draft: hint, accepted, dropped, tokens, evidence: [], ...times });
  }

  /** What others draft for this model, in a pass that does nothing else. */
  async #hint({ context, prefix, signal }: DraftRequest, draft: DraftUnderWay, pending: number): Promise<Proposal> {
    const { proposer, sequence } = this.#options;
    const room = Math.min(HINT, draft.room - 1, sequence.capacity - sequence.length - pending);
    if (proposer === undefined || pending > 1 || room < 1) return NO_PROPOSAL;
    const known = [...prefix, ...draft.tokens];
    return proposer.propose({ context, prefix: known, rule: 'matching', room, generated: 0, signal });
  }

  /** Evaluates tokens and reads the last `rows` positions. */
  async #evaluate<T>(tokens: readonly Token[], rows: number, read: (rows: readonly Row[]) => T): Promise<T> {
    const { sequence, costs, proposer, now } = this.#options;
    const depth = sequence.length;
    const began = now();
    const result = await sequence.evaluate(tokens, rows, read);
    // A proposer for this model keeps the same curve up to date, by what it observes.
    if (proposer === undefined || tokens.length > HINT + 1) costs.observe(tokens.length, depth, now() - began);
    return result;
  }

  /** The tokens that the timeline lacks up to `end`, those at the end of them that it may afford, and the very first for an empty one. */
  #catchUp(text: readonly Token[], end: number, affordable: number): readonly Token[] {
    const { sequence } = this.#options;
    const { tokens, anew } = this.#plan(end, affordable);
    if (anew) {
      sequence.rewind(0);
      this.#skipped = 0;
    }
    const missing = text.slice(sequence.length + this.#skipped, end);
    const tooMany = missing.length - tokens;
    if (tooMany <= 0) return missing;
    this.#skipped += tooMany;
    // Models lean on the first token of a text (attention sinks): an empty timeline begins with it all the same.
    return sequence.length === 0 ? [missing[0]!, ...missing.slice(tooMany + 1)] : missing.slice(tooMany);
  }

  #plan(end: number, affordable: number): CatchUp {
    const { costs, sequence } = this.#options;
    const missing = Math.max(1, end - sequence.length - this.#skipped);
    const wider = Math.min(end, 4 * Math.max(LEAST_WINDOW, sequence.length));
    // A wider view is a gamble, so only half of what may be lost is put into it.
    const anew = this.#skipped > 0 && 2 * costs.at(wider, 0) <= affordable;
    if (anew) return { tokens: wider, anew };
    let tokens = missing;
    while (tokens > LEAST_WINDOW && costs.at(tokens, sequence.length) > affordable) {
      tokens = Math.max(LEAST_WINDOW, tokens >> 1);
    }
    return { tokens, anew };
  }

  /** Brings the sampler's history to the first `length` tokens of the text. */
  #remember(text: readonly Token[], length: number): void {
    const { sampler } = this.#options;
    for (let i = sampler.length; i < length; i++) sampler.push(text[i]!);
  }

  /** Takes back the draft but for its accepted tokens; a round that threw has left one that nobody judged. */
  #settle(accepted: number): void {
    if (this.#base === undefined) return;
    const { sequence, sampler } = this.#options;
    const agreed = this.#base + accepted;
    this.#base = undefined;
    if (sequence.length > agreed - this.#skipped) sequence.rewind(agreed - this.#skipped);
    if (sampler.length > agreed) sampler.rewind(agreed);
  }

  #fits(tokens: number): boolean {
    const { sequence } = this.#options;
    return sequence.length + tokens <= sequence.capacity;
  }
}

/** Leading tokens that two lists have in common. */
function agreement(a: readonly Token[], b: readonly Token[]): number {
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) i++;
  return i;
}
