/**
 * Hands what a callback reports to an async generator that is waiting for something else: the latest value while it
 * waits, none of those in between.
 */
export class Updates<T> {
  #latest: { readonly value: T } | undefined;
  #wake: () => void = () => {};

  /** The callback's side. */
  push(value: T): void {
    this.#latest = { value };
    this.#wake();
  }

  /** Yields values until `done` settles; a rejection of `done` is left to whoever awaits it. */
  async *until(done: Promise<unknown>): AsyncGenerator<T, void> {
    let settled = false;
    const settle = (): void => {
      settled = true;
      this.#wake();
    };
    done.then(settle, settle);
    while (!settled) {
      const next = this.#latest;
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      this.#latest = undefined;
      yield next.value;
    }
  }
}
