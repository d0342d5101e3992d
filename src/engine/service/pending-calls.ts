import { OutriderError } from '../../errors.js';
import { abortedError } from '../places.js';
import { type Call, errorOf, type FromEngine, type Replies, type ToEngine } from './protocol.js';

/** Lives of the engine that a call may see end before it counts as their cause. */
const MOST_LIVES = 2;

interface PendingCall {
  readonly call: Call;
  readonly resolve: (value: never) => void;
  readonly reject: (error: OutriderError) => void;
  /** Lives of the engine that ended with this call in them. */
  lives: number;
}

/** Questions to an engine that may die before it answers: they are asked again. */
export class PendingCalls {
  readonly #send: (message: ToEngine) => void;
  readonly #calls = new Map<number, PendingCall>();
  #nextId = 0;

  /** @param send drops the message while no engine is ready; `askAgain` follows when one is */
  constructor(send: (message: ToEngine) => void) {
    this.#send = send;
  }

  /**
   * @param signal takes the question back
   * @throws OutriderError the engine's own refusal; engine_died where it does not survive the question; aborted
   */
  async ask<Name extends Call['name']>(call: Call & { name: Name }, signal?: AbortSignal): Promise<Replies[Name]> {
    if (signal?.aborted) throw abortedError();
    const id = this.#nextId++;
    const abandon = (): void => {
      this.#calls.get(id)?.reject(abortedError());
      this.#calls.delete(id);
      this.#send({ type: 'abandon', id });
    };
    signal?.addEventListener('abort', abandon, { once: true });
    try {
      return await new Promise<Replies[Name]>((resolve, reject) => {
        this.#calls.set(id, { call, resolve, reject, lives: 0 });
        this.#send({ type: 'call', id, call });
      });
    } finally {
      signal?.removeEventListener('abort', abandon);
    }
  }

  hear(message: Extract<FromEngine, { type: 'reply' | 'refusal' }>): void {
    const pending = this.#calls.get(message.id);
    this.#calls.delete(message.id);
    if (message.type === 'reply') pending?.resolve(message.value as never);
    else pending?.reject(errorOf(message.error));
  }

  /** An engine is ready that knows nothing of what was asked before. */
  askAgain(): void {
    for (const [id, { call }] of this.#calls) this.#send({ type: 'call', id, call });
  }

  /** The engine that had been ready died. */
  died(reason: string): void {
    for (const [id, pending] of this.#calls) {
      pending.lives += 1;
      if (pending.lives < MOST_LIVES) continue;
      this.#calls.delete(id);
      pending.reject(new OutriderError('engine_died', `the engine died ${MOST_LIVES} times over this call: ${reason}`));
    }
  }

  rejectAll(error: OutriderError): void {
    for (const { reject } of this.#calls.values()) reject(error);
    this.#calls.clear();
  }
}
