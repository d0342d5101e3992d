import { OutriderError } from '../../errors.js';
import { abortedError } from '../places.js';
import { blameFor, type Death, MOST_BLAME } from './death.js';
import { type Call, errorOf, type FromEngine, type Replies, type ToEngine } from './protocol.js';

interface PendingCall {
  readonly call: Call;
  readonly resolve: (value: never) => void;
  readonly reject: (error: OutriderError) => void;
  /** The engine that runs has it. */
  isAsked: boolean;
  /** Deaths of the engine that came while it had this call. */
  blame: number;
}

export interface PendingCallsOptions {
  /** Throws an OutriderError for what cannot be sent. */
  readonly send: (message: ToEngine) => void;
  /** Whether an engine is ready for calls; `askWaiting` follows when one is. */
  readonly mayAsk: () => boolean;
  /** A call is over, one way or the other. */
  readonly onSettled: () => void;
}

/** An engine that died had it already: for want of a place it is refused no more. */
function again(call: Call): Call {
  return call.name === 'score' ? { ...call, request: { ...call.request, admission: 'again' } } : call;
}

/** Questions to an engine that may die before it answers: they are asked again. */
export class PendingCalls {
  readonly #options: PendingCallsOptions;
  readonly #calls = new Map<number, PendingCall>();
  #nextId = 0;

  constructor(options: PendingCallsOptions) {
    this.#options = options;
  }

  /** How many the engine has. */
  get asked(): number {
    return [...this.#calls.values()].filter(({ isAsked }) => isAsked).length;
  }

  /** Whether there are calls that an engine has died with. */
  get hasSuspects(): boolean {
    return [...this.#calls.values()].some(({ blame }) => blame > 0);
  }

  /**
   * @param signal takes the question back
   * @throws OutriderError the engine's own refusal; engine_died where it does not survive the question; aborted
   */
  async ask<Name extends Call['name']>(call: Call & { name: Name }, signal?: AbortSignal): Promise<Replies[Name]> {
    if (signal?.aborted) throw abortedError();
    const id = this.#nextId++;
    const abandon = (): void => {
      const pending = this.#calls.get(id);
      this.#calls.delete(id);
      if (pending?.isAsked) this.#options.send({ type: 'abandon', id });
      pending?.reject(abortedError());
    };
    signal?.addEventListener('abort', abandon, { once: true });
    try {
      return await new Promise<Replies[Name]>((resolve, reject) => {
        this.#calls.set(id, { call, resolve, reject, isAsked: false, blame: 0 });
        this.askWaiting();
      });
    } finally {
      signal?.removeEventListener('abort', abandon);
      this.#options.onSettled();
    }
  }

  hear(message: Extract<FromEngine, { type: 'reply' | 'refusal' }>): void {
    const pending = this.#calls.get(message.id);
    this.#calls.delete(message.id);
    if (message.type === 'reply') pending?.resolve(message.value as never);
    else pending?.reject(errorOf(message.error));
  }

  /** Asks what the engine does not have yet, if it may be asked. */
  askWaiting(): void {
    if (!this.#options.mayAsk()) return;
    for (const [id, pending] of this.#calls) {
      if (pending.isAsked) continue;
      pending.isAsked = true;
      try {
        this.#options.send({ type: 'call', id, call: pending.blame > 0 ? again(pending.call) : pending.call });
      } catch (error) {
        this.#calls.delete(id);
        pending.reject(error as OutriderError);
      }
    }
  }

  /** The engine that had been ready died. */
  died(death: Death): void {
    for (const [id, pending] of this.#calls) {
      if (!pending.isAsked) continue;
      pending.isAsked = false;
      pending.blame += blameFor(death);
      if (pending.blame < MOST_BLAME) continue;
      this.#calls.delete(id);
      pending.reject(
        new OutriderError('engine_died', `the engine died again and again over this call: ${death.reason}`),
      );
    }
  }

  rejectAll(error: OutriderError): void {
    for (const { reject } of this.#calls.values()) reject(error);
    this.#calls.clear();
  }
}
