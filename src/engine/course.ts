import type { SamplerChain } from '../sampling/index.js';
import {
  type Generation,
  type Noise,
  type Proposer,
  positionNoise,
  type Random,
  type Sampler,
  sequentialRandom,
  type Token,
  WrittenProposer,
  type WrittenProposerOptions,
} from '../speculative/index.js';
import type { Setback } from './answer.js';
import { BanSampler } from './ban-sampler.js';
import type { CachedSequence } from './cached-sequence.js';
import { type DraftSequence, judgeOf, kindOf, proposerFor, rulesFor } from './drafting.js';
import { DraftingBooks } from './drafting-books.js';
import type { DraftUse, FinishEvent } from './events.js';
import type { LoadedModels } from './load.js';
import { LogprobSampler, type RowLogprobs } from './logprob-sampler.js';
import type { Plan } from './prepare.js';
import { mostDrafted } from './prepare-drafting.js';
import { replay } from './replay.js';
import { TextWindow } from './shift-window.js';

/** A banned text that begins at a place again and again, whatever its first token, is let through. */
const MOST_BANS = 20;

export interface CourseParts {
  readonly plan: Plan;
  readonly models: LoadedModels;
  readonly signal: AbortSignal;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
  /** Hears how much of the prompt is evaluated. */
  readonly onProgress: (evaluated: number, total: number, cached: number) => void;
  /** Puts a sampler around the request's own, to see what is written; it may ask how many tokens have left the context. */
  readonly watch: (sampler: Sampler, dropped: () => number) => Sampler;
  /** What another model has written of the answer, in the tokens of the one that writes: it is verified first. */
  readonly written: Pick<WrittenProposerOptions, 'written' | 'onJudged'> | undefined;
}

/**
 * A request while it is written: its text, samplers, caches, and who drafts; and what befalls these beside rounds. An
 * answer is taken up again, taken back before a banned text, or goes on where the context has ended.
 */
export class Course {
  readonly #parts: CourseParts;
  readonly #window: TextWindow;
  readonly #noise: Noise;
  /** Of all drafters that the request ever has. */
  readonly #random: Random;
  readonly #chain: SamplerChain;
  readonly #bans: BanSampler | undefined;
  readonly #logprobs: LogprobSampler | undefined;
  readonly #sampler: Sampler;
  readonly #rules: Generation['rules'];
  /** Those that the prompt and the text behind each slide were evaluated in; the last is in use. */
  readonly #targets: CachedSequence[] = [];
  readonly #drafts: DraftSequence[] = [];
  readonly #books: DraftingBooks;
  #written: WrittenProposer | undefined;
  #proposer: Proposer | undefined;

  constructor(parts: CourseParts) {
    const { plan, models, watch } = parts;
    this.#parts = parts;
    this.#window = new TextWindow(plan.promptTokens, { capacity: models.contextSize, keep: plan.keep ?? 0 });
    this.#noise = this.#window.noise(positionNoise(plan.seed));
    this.#random = sequentialRandom(plan.seed + 1);
    this.#chain = judgeOf(plan, this.#noise);
    const dropped = (): number => this.#window.dropped;
    this.#bans = plan.bannedStrings.length > 0 ? new BanSampler(this.#chain, dropped) : undefined;
    const judge = this.#bans ?? this.#chain;
    this.#logprobs = plan.logprobs === undefined ? undefined : new LogprobSampler(judge, plan.logprobs);
    this.#sampler = watch(this.#logprobs ?? judge, dropped);
    this.#rules = rulesFor(plan, this.#noise);
    this.#books = new DraftingBooks({ kind: kindOf(plan), max: plan.draft.max });
  }

  /** Takes sequences of target and drafts; `close` gives back what there is of them, also where this throws. */
  open(): void {
    const { plan, written, onProgress } = this.#parts;
    this.#openTarget(onProgress);
    this.#proposer = this.#usualProposer();
    if (written === undefined) return;
    const [start, max] = [plan.promptTokens.length, plan.draft.max];
    this.#written = new WrittenProposer({ ...written, start, max, next: this.#proposer });
    this.#proposer = this.#written;
  }

  /** What the loop runs on until it comes to the token limit or to the end of the context. */
  get generation(): Generation {
    const { plan, models, signal, now } = this.#parts;
    return {
      target: this.#target,
      sampler: this.#sampler,
      context: this.#window.context,
      proposer: this.#proposer,
      rules: this.#rules,
      maxTokens: Math.min(this.#left, this.#window.room),
      maxDraft: this.#written === undefined ? plan.draft.max : mostDrafted(models.target.context, models),
      isEnd: (token) => plan.writer.ends.has(token),
      signal,
      now,
    };
  }

  /** Tokens that have left the context. */
  get dropped(): number {
    return this.#window.dropped;
  }

  /** Whether only the end of the context keeps the answer from going on. */
  get isAtContextEnd(): boolean {
    return this.#window.room === 0 && this.#left > 0;
  }

  /** Whether that is a draft of what another model has written. */
  hasWritten(draft: Parameters<WrittenProposer['proposed']>[0]): boolean {
    return this.#written?.proposed(draft) ?? false;
  }

  /**
   * Takes up an answer behind these tokens of it; the loop evaluates what is left of them. Gives what is known of those that
   * nobody has been told yet, where that was asked for: they are looked at once more.
   *
   * @param told how many leading tokens somebody has been told
   */
  async resume(tokens: readonly Token[], told: number): Promise<readonly (RowLogprobs | undefined)[]> {
    const logprobs = this.#logprobs;
    const seen = logprobs === undefined ? tokens.length : told;
    await this.#takeUp(tokens.slice(0, seen), async (part) => {
      const { context } = this.#window;
      if (this.#chain.sequentialOnly) {
        await replay({ target: this.#target, sampler: this.#chain, context, tokens: part });
        return;
      }
      context.push(...part);
      for (const token of part) this.#chain.push(token);
    });
    if (logprobs === undefined) return [];
    const known: (RowLogprobs | undefined)[] = [];
    await this.#takeUp(tokens.slice(seen), async (part) => {
      const { context } = this.#window;
      const from = context.length;
      await replay({ target: this.#target, sampler: logprobs, context, tokens: part });
      for (const i of part.keys()) known.push(logprobs.take(from + i));
    });
    return known;
  }

  /** In parts that the context has room for. */
  async #takeUp(tokens: readonly Token[], take: (part: readonly Token[]) => Promise<void>): Promise<void> {
    for (let next = 0; next < tokens.length; ) {
      if (this.#window.room === 0) this.slide();
      const part = tokens.slice(next, next + this.#window.room);
      await take(part);
      next += part.length;
    }
  }

  /**
   * The context loses the older half of what stands behind the beginning that stays; target and drafts begin anew on what is
   * left, which their caches still hold.
   */
  slide(): void {
    const { plan } = this.#parts;
    const { dropped } = this.#window;
    this.#window.slide();
    this.#chain.drop(plan.keep ?? 0, this.#window.dropped - dropped);
    this.#target.close();
    this.#openTarget();
    if (this.#proposer !== undefined) this.#renewProposer();
  }

  /**
   * Whether the text may go another way at a token of the answer: from now on it does not begin with that one there. What is
   * yet to be taken up again was let through before.
   */
  canAvoid({ tokens, token }: Setback): boolean {
    const position = this.#parts.plan.promptTokens.length + tokens;
    if (this.#bans === undefined || this.#window.placeOf(position) === undefined) return false;
    return this.#bans.ban(position, token) <= MOST_BANS;
  }

  /** Back to where a banned text began, which `canAvoid` allowed. */
  goBack({ tokens }: Setback): void {
    const { context } = this.#window;
    context.length = this.#window.placeOf(this.#parts.plan.promptTokens.length + tokens)!;
    this.#target.rewind(Math.min(this.#target.length, context.length - 1));
    this.#sampler.rewind(context.length);
    // Its drafters have seen what is gone, and what was written before began with it.
    this.#renewProposer();
  }

  /** What is known of the token at a position of the text. */
  logprobsAt(position: number): RowLogprobs | undefined {
    return this.#logprobs?.take(position - this.#window.dropped);
  }

  /** Prompt tokens that were not evaluated. */
  get cachedTokens(): number {
    return this.#targets[0]?.reused ?? 0;
  }

  /** What else the end tells of caches and context. */
  get use(): Pick<FinishEvent, 'shifted' | 'dropped' | 'drafts'> {
    const { dropped } = this.#window;
    const shifted = sum(this.#targets, (sequence) => sequence.shifted);
    const models = new Set(this.#drafts.map(({ model }) => model));
    const drafts = [...models].map((model) => useOf(model, this.#drafts));
    return {
      ...(shifted > 0 && { shifted }),
      ...(dropped > 0 && { dropped }),
      ...(drafts.length > 0 && { drafts }),
    };
  }

  close(): void {
    this.#targets.at(-1)?.close();
    this.#proposer?.close();
    this.#books.close();
    for (const { sequence } of this.#drafts) sequence.close();
  }

  get #target(): CachedSequence {
    return this.#targets.at(-1)!;
  }

  /** Tokens that may still be generated. */
  get #left(): number {
    const { maxTokens, promptTokens } = this.#parts.plan;
    return maxTokens - (this.#window.length - promptTokens.length);
  }

  #openTarget(onProgress?: CourseParts['onProgress']): void {
    const { plan, models, signal } = this.#parts;
    const text = [...this.#window.context];
    const options = { capacity: models.contextSize, promptLength: text.length, reuse: plan.reuse, signal, onProgress };
    this.#targets.push(plan.writer.batcher.open(options, plan.cacheable.length > 0 ? text : []));
  }

  #renewProposer(): void {
    this.#proposer?.close();
    this.#written = undefined;
    this.#proposer = this.#usualProposer();
  }

  #usualProposer(): Proposer | undefined {
    const { plan, models, signal, now } = this.#parts;
    const [target, books, noise, random] = [this.#target, this.#books, this.#noise, this.#random];
    const shared = { models, target, books, noise, random, signal, now };
    const onOpen = (draft: DraftSequence): void => void this.#drafts.push(draft);
    if (this.#window.dropped === 0) return proposerFor({ ...shared, plan, onOpen });
    // To those who draft now, what the context holds is the prompt.
    const promptTokens = [...this.#window.context];
    const cacheable = plan.cacheable.length > 0 ? promptTokens : [];
    return proposerFor({ ...shared, plan: { ...plan, promptTokens, cacheable }, onOpen });
  }
}

/** The first of a model's sequences began with the prompt; those that followed it began behind a slide or a setback. */
function useOf(model: string, drafts: readonly DraftSequence[]): DraftUse {
  const sequences = drafts.filter((draft) => draft.model === model).map(({ sequence }) => sequence);
  const shifted = sum(sequences, (sequence) => sequence.shifted);
  return {
    model,
    cachedTokens: sequences[0]!.reused,
    ...(shifted > 0 && { shifted }),
    evaluatedTokens: sum(sequences, ({ evaluated }) => evaluated),
  };
}

function sum<T>(of: readonly T[], value: (one: T) => number): number {
  return of.reduce((total, one) => total + value(one), 0);
}
