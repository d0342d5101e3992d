import { OutriderError } from '../errors.js';
import type { Pointer } from './abi/v0.5.0/index.js';

/**
 * A native object and the rule of its life: after `close` nobody gets at it, and it is freed once, as soon as nobody
 * holds it. Holders are what native code still works with: a pass in flight holds its context, a context its model.
 */
export class Handle {
  readonly #what: string;
  readonly #pointer: Pointer;
  readonly #free: (pointer: Pointer) => void;
  #closed = false;
  #holders = 1;

  /** `what` names the object in errors. */
  constructor(what: string, pointer: Pointer, free: (pointer: Pointer) => void) {
    this.#what = what;
    this.#pointer = pointer;
    this.#free = free;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** @throws OutriderError closed */
  get pointer(): Pointer {
    if (this.#closed) throw new OutriderError('closed', `${this.#what} is closed; open it again to use it`);
    return this.#pointer;
  }

  /** Keeps the object alive, even when it is closed meanwhile, until the function that it returns is called. */
  hold(): () => void {
    void this.pointer;
    this.#holders++;
    let held = true;
    return () => {
      if (held) this.#release();
      held = false;
    };
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#release();
  }

  #release(): void {
    if (--this.#holders === 0) this.#free(this.#pointer);
  }
}
