import type { OutriderError } from '../../errors.js';
import { StatisticsCounter, type Token } from '../../speculative/index.js';
import type { FinishEvent, GenerationEvent, RoundEvent, StartEvent, Timings } from '../events.js';
import type { Admission } from '../places.js';
import type { ServiceRequest } from '../service.js';
import { Inbox } from './inbox.js';
import type { Suspect } from './poison.js';
import { CREDITS_TOGETHER } from './protocol.js';

/** `waiting`: for an engine that takes it; `within`: an engine has it; `over`: its last event is there. */
export type RequestPlace = 'waiting' | 'within' | 'over';

/**
 * One request over as many lives of the engine as it needs: what its reader sees is a single answer. It keeps what was
 * generated, so that another engine can go on behind it.
 */
export class SupervisedRequest implements Suspect {
  readonly id: number;
  place: RequestPlace = 'waiting';
  /** As it comes into an engine: each after the first has to take it, or what was promised would be refused. */
  #admission: Admission = 'new';
  /** Its caller wants no more of it. */
  isAborted = false;
  isQueued = false;
  hasProgressed = false;
  readonly #request: ServiceRequest;
  readonly #now: () => number;
  readonly #inbox = new Inbox<readonly GenerationEvent[]>();
  readonly #counter = new StatisticsCounter();
  /** Of the answer, what the request resumes included. */
  readonly #tokens: Token[];
  #text = '';
  #isSeen = false;
  #start: StartEvent | undefined;
  #rounds = 0;
  /** Groups that the engine has not heard of yet. */
  #used = 0;
  /** Rounds before the life of the engine that is going on. */
  #inherited = 0;
  #startedAt = 0;
  #firstAt = 0;
  #lastAt = 0;
  #draftMs = 0;
  #verifyMs = 0;

  /** @param now milliseconds of a steady clock */
  constructor(id: number, request: ServiceRequest, now: () => number) {
    this.id = id;
    this.#request = request;
    this.#tokens = [...(request.resume ?? [])];
    this.#now = now;
  }

  /** A group was used up. Gives how many the engine is to hear of now: it is not told of each. */
  use(): number {
    this.#used += 1;
    if (this.#used < CREDITS_TOGETHER) return 0;
    this.#used = 0;
    return CREDITS_TOGETHER;
  }

  /** Events as they come, in the groups that they come in. Ends behind the last; throws what refused the request. */
  groups(): AsyncGenerator<readonly GenerationEvent[], void, void> {
    return this.#inbox.items();
  }

  /** A new life of the engine takes it up; gives what is to be asked of that. */
  enter(): ServiceRequest {
    this.place = 'within';
    this.isQueued = false;
    this.hasProgressed = false;
    this.#inherited = this.#rounds;
    this.#used = 0;
    const admission = this.#admission;
    this.#admission = 'again';
    if (this.#start === undefined) return { ...this.#request, admission };
    const { seed: _, ...request } = this.#request;
    const { seed, verification, route } = this.#start;
    // Only matching can repeat a text. The other rules go on lawfully, with coins that nothing has used yet.
    const coins = verification === 'match' ? { seed, verification } : { verification };
    // In mode auto the same model writes on.
    const kept = { ...coins, ...(route && { route }) };
    return { ...request, ...kept, admission, resume: [...this.#tokens] };
  }

  /** Gives whether its reader gets anything of that: what an earlier life has told already is not told again. */
  take(events: readonly GenerationEvent[]): boolean {
    const seen = events.map((event) => this.#fold(event)).filter((event) => event !== undefined);
    if (seen.length > 0) this.#show(seen);
    return seen.length > 0;
  }

  /** The engine has said all. */
  end(): void {
    this.place = 'over';
    this.#inbox.end();
  }

  /** Refused before anything was seen of it, else failed. */
  fail(error: OutriderError): void {
    this.place = 'over';
    if (this.#isSeen) this.#inbox.push([{ type: 'error', error }]);
    this.#inbox.end(this.#isSeen ? undefined : error);
  }

  /** Aborted while no engine has it: what is there is the answer. */
  abort(): void {
    if (this.place === 'over') return;
    this.place = 'over';
    this.#show([
      {
        type: 'finish',
        reason: 'aborted',
        tokens: [...this.#tokens],
        text: this.#text,
        promptTokens: this.#start?.promptTokens ?? 0,
        completionTokens: this.#tokens.length,
        statistics: this.#counter.statistics,
        timings: this.#timings(),
        ...(this.#start?.route && { route: this.#start.route }),
      },
    ]);
    this.#inbox.end();
  }

  #show(events: readonly GenerationEvent[]): void {
    this.#isSeen = true;
    this.#inbox.push(events);
  }

  #fold(event: GenerationEvent): GenerationEvent | undefined {
    switch (event.type) {
      case 'queued':
        this.isQueued = true;
        return this.#start === undefined ? event : undefined;
      case 'admitted':
        this.isQueued = false;
        return this.#start === undefined ? event : undefined;
      case 'start':
        this.isQueued = false;
        return this.#began(event);
      case 'prompt':
        return this.#rounds === 0 ? event : undefined;
      case 'round':
        return this.#count(event);
      case 'text':
        this.#text += event.text;
        return event;
      case 'finish':
        return this.#inherited === 0 ? event : this.#whole(event);
      case 'error':
        return event;
    }
  }

  #began(event: StartEvent): StartEvent | undefined {
    if (this.#start !== undefined) return undefined;
    this.#start = event;
    this.#startedAt = this.#now();
    return event;
  }

  #count(round: RoundEvent): RoundEvent {
    this.hasProgressed = true;
    this.#counter.add(round);
    this.#tokens.push(...round.tokens);
    if (round.kept !== undefined) this.#tokens.length = round.kept;
    this.#lastAt = this.#now();
    if (this.#rounds === 0) this.#firstAt = this.#lastAt;
    else {
      this.#draftMs += round.draftMs;
      this.#verifyMs += round.verifyMs;
    }
    return { ...round, index: this.#rounds++ };
  }

  /** Tokens and text of a finish are those of the whole answer; its statistics and times only of the engine's last life. */
  #whole(finish: FinishEvent): FinishEvent {
    return { ...finish, statistics: this.#counter.statistics, timings: this.#timings() };
  }

  #timings(): Timings {
    const first = this.#rounds > 0;
    const promptMs = this.#start === undefined ? 0 : (first ? this.#firstAt : this.#now()) - this.#startedAt;
    const predictedMs = this.#lastAt - this.#firstAt;
    const perSecond = (count: number, ms: number): number | null => (count > 0 && ms > 0 ? (count / ms) * 1000 : null);
    return {
      promptMs,
      predictedMs,
      predictedPerSecond: perSecond(this.#tokens.length - (this.#request.resume?.length ?? 0) - 1, predictedMs),
      promptPerSecond: first ? perSecond(this.#start!.promptTokens, promptMs) : null,
      draftMs: this.#draftMs,
      verifyMs: this.#verifyMs,
    };
  }
}
