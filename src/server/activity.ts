import type { ErrorEvent, FinishEvent, GenerationEvent } from '../engine/events.js';
import type { EngineService, ServiceRequest } from '../engine/service.js';
import { Failure } from './failure.js';

/** Who asks: for log, metrics and live views. */
export interface Call {
  /** The HTTP request's id; several generations may have the same (`n`, lists of prompts). */
  readonly requestId: string;
  readonly dialect: string;
  /** Aborted when the client has left or took the request back. */
  readonly signal: AbortSignal;
}

/** What a dialect sees of a generation: errors are thrown. */
export type ServedEvent = Exclude<GenerationEvent, ErrorEvent>;

/** A generation as others see it, from its first event on. */
export interface Generation {
  /** Counts from 1 in the order of arrival. */
  readonly id: number;
  readonly requestId: string;
  readonly dialect: string;
  readonly request: ServiceRequest;
  /** When it came, in milliseconds of a steady clock. */
  readonly arrived: number;
}

/** Hears every event of every generation. It must not throw and should be quick: the text waits for it. */
export interface ActivityListener {
  onEvent?(event: GenerationEvent, generation: Generation): void;
  /** However it ended: with `finish`, or without where it was refused, failed or left by its client. */
  onEnd?(generation: Generation, finish: FinishEvent | undefined): void;
}

/** The generations that run, and those who watch them. */
export class Activity {
  readonly #service: Pick<EngineService, 'generate'>;
  readonly #now: () => number;
  readonly #listeners = new Set<ActivityListener>();
  /** Ends each of the generations that run. */
  readonly #ends = new Set<AbortController>();
  #stopped = false;
  #started = 0;
  /** Those who wait until nothing runs. */
  readonly #waiting: (() => void)[] = [];

  /** @param now milliseconds of a steady clock */
  constructor(service: Pick<EngineService, 'generate'>, now: () => number) {
    this.#service = service;
    this.#now = now;
  }

  /** Generations whose iteration has begun and not ended, those that wait in the engine's queue included. */
  get running(): number {
    return this.#ends.size;
  }

  /** Returns how to listen no more. */
  listen(listener: ActivityListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Runs a request. A client's abort ends in `finish` with reason `aborted`; ending the iteration early stops the work.
   * @throws OutriderError for what is wrong with the request (at the first `next()`) and for what goes wrong later;
   * Failure `unavailable` when the server stops
   */
  async *run(request: ServiceRequest, call: Call): AsyncGenerator<ServedEvent, void, void> {
    if (this.#stopped) throw stopping();
    const generation: Generation = {
      id: ++this.#started,
      requestId: call.requestId,
      dialect: call.dialect,
      request,
      arrived: this.#now(),
    };
    const end = new AbortController();
    const leave = (): void => end.abort();
    if (call.signal.aborted) leave();
    call.signal.addEventListener('abort', leave, { once: true });
    this.#ends.add(end);
    let finish: FinishEvent | undefined;
    try {
      for await (const event of this.#service.generate(request, end.signal)) {
        for (const listener of this.#listeners) listener.onEvent?.(event, generation);
        if (event.type === 'error') throw event.error;
        if (event.type === 'finish') finish = event;
        const handedBack = finish?.reason === 'aborted' && !call.signal.aborted;
        if (handedBack) throw stopping();
        yield event;
      }
    } finally {
      for (const listener of this.#listeners) listener.onEnd?.(generation, finish);
      call.signal.removeEventListener('abort', leave);
      this.#ends.delete(end);
      if (this.#ends.size === 0) for (const resolve of this.#waiting.splice(0)) resolve();
    }
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    if (this.#ends.size > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Ends what runs and refuses what comes. */
  stop(): void {
    this.#stopped = true;
    for (const end of this.#ends) end.abort();
  }
}

function stopping(): Failure {
  return new Failure('unavailable', 'the server is stopping; ask again in a moment', {
    headers: { 'Retry-After': '5' },
  });
}
