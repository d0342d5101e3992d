import type { ServiceStatus, SlotStatus } from '../service.js';
import type { FromEngine } from './protocol.js';

/** What an engine in another process has told of its slots and passes, as far as it is true of the one that lives now. */
export class LastReport {
  #slots: readonly SlotStatus[] = [];
  #passes: ServiceStatus['passes'] = [];

  get slots(): readonly SlotStatus[] {
    return this.#slots;
  }

  get passes(): ServiceStatus['passes'] {
    return this.#passes;
  }

  hear(message: Extract<FromEngine, { type: 'slots' | 'pong' }>): void {
    // Those that the last engine had stay, until the next is loaded: it is going to have the same.
    this.#slots = message.slots ?? this.#slots;
    if (message.type === 'pong') this.#passes = message.passes;
  }

  /** Nobody has a slot any more, and nothing is kept in any. */
  died(): void {
    this.#slots = this.#slots.map((slot) => ({ ...slot, state: 'idle', cachedTokens: 0 }));
    this.#passes = [];
  }
}
