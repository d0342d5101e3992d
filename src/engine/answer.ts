import { StatisticsCounter, type Token } from '../speculative/index.js';
import type {
  FinishEvent,
  FinishReason,
  GenerationEvent,
  RoundEvent,
  TextOrigin,
  Timings,
  TokenLogprob,
} from './events.js';
import type { RowLogprobs } from './logprob-sampler.js';
import type { Plan } from './prepare.js';
import { TextStream } from './text-stream.js';

/** A text that may not appear has begun with this token, the first of those that go. */
export interface Setback {
  readonly token: Token;
  /** Tokens of the answer before it. */
  readonly tokens: number;
}

/** What an answer asks while it is written. */
export interface AnswerParts {
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
  /** When the request had its turn, by that clock; default: now. */
  readonly began?: number | undefined;
  /** How many tokens of the prompt were not evaluated; asked at the end. */
  readonly cachedTokens: () => number;
  /** What else is to be told of caches and context; asked at the end. */
  readonly use?: () => Pick<FinishEvent, 'shifted' | 'dropped' | 'drafts'>;
  /** What is known of the token at a position of the context, where that was asked for. */
  readonly logprobsAt?: ((position: number) => RowLogprobs | undefined) | undefined;
  /** Whether the text may go another way there; if not, what is banned is let through. */
  readonly canAvoid?: ((setback: Setback) => boolean) | undefined;
}

/**
 * The fold of a request's rounds into text, statistics and times. What the request resumes is part of tokens and text, as
 * if it had been emitted before; statistics and times are those of the rounds alone.
 */
export class Answer {
  readonly #plan: Plan;
  readonly #parts: AnswerParts;
  readonly #counter = new StatisticsCounter();
  readonly #began: number;
  /** When its own evaluation began: another model may have been tried before. */
  readonly #opened: number;
  readonly #tokens: Token[] = [];
  /** Log-probabilities by generated token. */
  readonly #logprobs: (RowLogprobs | undefined)[] = [];
  /** Banned texts that could not be avoided. */
  readonly #letThrough = new Set<string>();
  #stream: TextStream;
  /** Tokens whose text has come out. */
  #told = 0;
  #setback: Setback | undefined;
  #text = '';
  #ended: { readonly reason: FinishReason; readonly stop?: string } | undefined;
  #firstAt: number | undefined;
  #lastAt: number;
  #lastOrigin: TextOrigin = 'plain';
  #draftMs = 0;
  #verifyMs = 0;

  constructor(plan: Plan, parts: AnswerParts) {
    this.#plan = plan;
    this.#parts = parts;
    this.#opened = parts.now();
    this.#began = parts.began ?? this.#opened;
    this.#lastAt = this.#began;
    this.#stream = this.#openStream();
    for (const token of plan.resume) {
      if (this.isStopped) break;
      const text = this.#push(token, this.#lastOrigin);
      this.#text += text;
      // Tokens come with text: those that have none so far come with the next.
      if (text !== '') this.#told = this.#stream.releasedTokens;
    }
  }

  /** A stop string or an end token has ended the text. */
  get isStopped(): boolean {
    return this.#ended !== undefined;
  }

  /** Tokens whose text is out. */
  get told(): number {
    return this.#told;
  }

  /** What is known of the tokens that it resumes and whose text is not out, where that was asked for. */
  know(logprobs: readonly (RowLogprobs | undefined)[]): void {
    for (const [i, one] of logprobs.entries()) this.#logprobs[this.#told + i] = one;
  }

  /** Set by `add` when the answer has to go back; `goBack` takes it. */
  get setback(): Setback | undefined {
    return this.#setback;
  }

  /** Takes the answer back to before the setback; nothing of what goes was ever let out. */
  goBack(): void {
    const kept = this.#tokens.slice(0, this.#setback?.tokens);
    this.#setback = undefined;
    this.#logprobs.length = kept.length;
    this.#readAgain(kept);
  }

  *add(round: Omit<RoundEvent, 'type'>): Generator<GenerationEvent, void, void> {
    this.#counter.add(round);
    this.#lastAt = this.#parts.now();
    if (this.#firstAt === undefined) this.#firstAt = this.#lastAt;
    else {
      this.#draftMs += round.draftMs;
      this.#verifyMs += round.verifyMs;
    }
    const accepted = round.escalated ? 'escalated' : 'accepted';
    for (const [i, token] of round.tokens.entries()) {
      const origin = i < round.accepted ? accepted : round.origin;
      this.#logprobs[this.#tokens.length] = this.#parts.logprobsAt?.(round.position + i);
      yield* this.#emit(this.#push(token, origin), origin);
      if (this.isStopped || this.#setback !== undefined) return;
    }
  }

  /** The last events of a request that ran to its end. */
  *finish(): Generator<GenerationEvent, void, void> {
    if (this.#ended?.stop === undefined) {
      const { text, stopped } = this.#stream.flush();
      yield* this.#emit(text, this.#lastOrigin);
      if (stopped !== undefined) this.#stopAt(stopped);
    }
    yield this.#finishEvent(this.#ended ?? { reason: 'length' });
  }

  /** The last events of a request that was aborted: held text comes out, nothing is lost. */
  *abort(): Generator<GenerationEvent, void, void> {
    yield* this.#emit(this.#stream.flush().text, this.#lastOrigin);
    yield this.#finishEvent({ reason: 'aborted' });
  }

  #finishEvent(ending: { readonly reason: FinishReason; readonly stop?: string }): FinishEvent {
    return {
      type: 'finish',
      ...ending,
      tokens: this.#tokens,
      text: this.#text,
      promptTokens: this.#plan.promptTokens.length,
      completionTokens: this.#tokens.length,
      cachedTokens: this.#parts.cachedTokens(),
      ...this.#parts.use?.(),
      ...(this.#letThrough.size > 0 && { letThrough: [...this.#letThrough] }),
      statistics: this.#counter.statistics,
      timings: this.#timings(),
    };
  }

  /** The text that a token lets out. An end token or a stop string ends the answer. */
  #push(token: Token, origin: TextOrigin): string {
    this.#tokens.push(token);
    if (this.#plan.writer.ends.has(token)) {
      this.#ended = { reason: 'stop' };
      return '';
    }
    this.#lastOrigin = origin;
    const { text, stopped, banned } = this.#stream.push(token);
    if (stopped !== undefined) this.#stopAt(stopped);
    return banned === undefined ? text : this.#avoid(banned);
  }

  /** Goes back, or else lets the banned text through from here on. */
  #avoid({ text, tokens }: { readonly text: string; readonly tokens: number }): string {
    const setback = { tokens, token: this.#tokens[tokens]! };
    if (this.#parts.canAvoid?.(setback)) {
      this.#setback = setback;
      return '';
    }
    this.#letThrough.add(text);
    return this.#readAgain([...this.#tokens]);
  }

  /** Reads tokens from the beginning; returns what comes out beyond what has come out before. */
  #readAgain(tokens: readonly Token[]): string {
    this.#tokens.length = 0;
    this.#stream = this.#openStream();
    let text = '';
    for (const token of tokens) {
      if (!this.isStopped && this.#setback === undefined) text += this.#push(token, this.#lastOrigin);
    }
    // A token that went may have let out what is held again without it: a possible stop string that it was no part of.
    this.#stream.skip(this.#text.length);
    return text.slice(this.#text.length);
  }

  #openStream(): TextStream {
    const { writer, stop, bannedStrings } = this.#plan;
    const banned = bannedStrings.filter((text) => !this.#letThrough.has(text));
    return new TextStream((token) => writer.model.vocabulary.bytes(token, false), stop, banned);
  }

  #stopAt({ stop, tokens }: { stop: string; tokens: number }): void {
    this.#tokens.length = tokens;
    this.#ended = { reason: 'stop', stop };
  }

  *#emit(text: string, origin: TextOrigin): Generator<GenerationEvent, void, void> {
    if (text === '') return;
    this.#text += text;
    const from = this.#told;
    this.#told = Math.max(from, this.#stream.releasedTokens);
    const tokens = this.#tokens.slice(from, this.#told);
    const logprobs = this.#parts.logprobsAt === undefined ? [] : this.#logprobsOf(from, this.#told);
    yield { type: 'text', text, origin, tokens, ...(logprobs.length > 0 && { logprobs }) };
  }

  #logprobsOf(from: number, to: number): TokenLogprob[] {
    const { vocabulary } = this.#plan.writer.model;
    const withBytes = <Known extends { readonly token: Token }>(known: Known): Known & { bytes: Uint8Array } => ({
      ...known,
      bytes: vocabulary.bytes(known.token, true),
    });
    const known = this.#logprobs.slice(from, to).filter((one) => one !== undefined);
    return known.map((one) => ({ ...withBytes(one), top: one.top.map(withBytes) }));
  }

  #timings(): Timings {
    const promptMs = (this.#firstAt ?? this.#parts.now()) - this.#began;
    const predictedMs = this.#lastAt - (this.#firstAt ?? this.#lastAt);
    const evaluated = this.#plan.promptTokens.length - this.#parts.cachedTokens();
    const perSecond = (count: number, ms: number): number | null => (count > 0 && ms > 0 ? (count / ms) * 1000 : null);
    return {
      promptMs,
      predictedMs,
      predictedPerSecond: perSecond(this.#tokens.length - this.#plan.resume.length - 1, predictedMs),
      promptPerSecond: this.#firstAt === undefined ? null : perSecond(evaluated, this.#firstAt - this.#opened),
      draftMs: this.#draftMs,
      verifyMs: this.#verifyMs,
    };
  }
}
