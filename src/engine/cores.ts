/**
 * The processor cores that all decodes of an engine share. ggml's threads wait for each other by spinning: when those of
 * the decodes that run at once exceed the cores, everything slows down many times over (kernels.md 2). So a decode takes
 * as many cores as it has threads, and waits for them, first come first served.
 */
export class Cores {
  readonly total: number;
  #free: number;
  readonly #waiting: { readonly threads: number; readonly start: () => void }[] = [];

  constructor(total: number) {
    this.total = total;
    this.#free = total;
  }

  /** Resolves when the cores are taken. A decode of more threads than cores takes all. */
  take(threads: number): Promise<void> {
    const wanted = Math.min(threads, this.total);
    if (this.#waiting.length === 0 && wanted <= this.#free) {
      this.#free -= wanted;
      return Promise.resolve();
    }
    return new Promise((start) => this.#waiting.push({ threads: wanted, start }));
  }

  /** Gives back what `take` took. */
  give(threads: number): void {
    this.#free += Math.min(threads, this.total);
    for (let first = this.#waiting[0]; first !== undefined && first.threads <= this.#free; first = this.#waiting[0]) {
      this.#free -= first.threads;
      this.#waiting.shift();
      first.start();
    }
  }
}
