import { type Round, StatisticsCounter, type Token } from '../speculative/index.js';
import type { FinishEvent, FinishReason, GenerationEvent, TextOrigin, Timings } from './events.js';
import type { Plan } from './prepare.js';
import { TextStream } from './text-stream.js';

/**
 * The fold of a request's rounds into text, statistics and times. What the request resumes is part of tokens and text, as
 * if it had been emitted before; statistics and times are those of the rounds alone.
 */
export class Answer {
  readonly #plan: Plan;
  readonly #now: () => number;
  readonly #cachedTokens: () => number;
  readonly #stream: TextStream;
  readonly #counter = new StatisticsCounter();
  readonly #began: number;
  readonly #tokens: Token[] = [];
  #text = '';
  #ended: { readonly reason: FinishReason; readonly stop?: string } | undefined;
  #firstAt: number | undefined;
  #lastAt: number;
  #lastOrigin: TextOrigin = 'plain';
  #draftMs = 0;
  #verifyMs = 0;

  /**
   * @param now milliseconds of a steady clock
   * @param cachedTokens how many tokens of the prompt were not evaluated; asked at the end
   */
  constructor(plan: Plan, now: () => number, cachedTokens: () => number) {
    const { vocabulary } = plan.writer.model;
    this.#plan = plan;
    this.#now = now;
    this.#cachedTokens = cachedTokens;
    this.#began = now();
    this.#lastAt = this.#began;
    this.#stream = new TextStream((token) => vocabulary.bytes(token, false), plan.stop);
    for (const token of plan.resume) if (!this.isStopped) this.#text += this.#push(token, this.#lastOrigin);
  }

  /** A stop string or an end token has ended the text. */
  get isStopped(): boolean {
    return this.#ended !== undefined;
  }

  *add(round: Round): Generator<GenerationEvent, void, void> {
    this.#counter.add(round);
    this.#lastAt = this.#now();
    if (this.#firstAt === undefined) this.#firstAt = this.#lastAt;
    else {
      this.#draftMs += round.draftMs;
      this.#verifyMs += round.verifyMs;
    }
    for (const [i, token] of round.tokens.entries()) {
      const origin = i < round.accepted ? 'accepted' : round.origin;
      yield* this.#emit(this.#push(token, origin), origin);
      if (this.isStopped) return;
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
      cachedTokens: this.#cachedTokens(),
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
    const { text, stopped } = this.#stream.push(token);
    if (stopped !== undefined) this.#stopAt(stopped);
    return text;
  }

  #stopAt({ stop, tokens }: { stop: string; tokens: number }): void {
    this.#tokens.length = tokens;
    this.#ended = { reason: 'stop', stop };
  }

  *#emit(text: string, origin: TextOrigin): Generator<GenerationEvent, void, void> {
    if (text === '') return;
    this.#text += text;
    yield { type: 'text', text, origin };
  }

  #timings(): Timings {
    const promptMs = (this.#firstAt ?? this.#now()) - this.#began;
    const predictedMs = this.#lastAt - (this.#firstAt ?? this.#lastAt);
    const evaluated = this.#plan.promptTokens.length - this.#cachedTokens();
    const perSecond = (count: number, ms: number): number | null => (count > 0 && ms > 0 ? (count / ms) * 1000 : null);
    return {
      promptMs,
      predictedMs,
      predictedPerSecond: perSecond(this.#tokens.length - this.#plan.resume.length - 1, predictedMs),
      promptPerSecond: this.#firstAt === undefined ? null : perSecond(evaluated, promptMs),
      draftMs: this.#draftMs,
      verifyMs: this.#verifyMs,
    };
  }
}
