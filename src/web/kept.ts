/** Small things that a browser keeps for a page, where it keeps any: some are told not to, and throw. */
export class Kept {
  readonly #storage: () => Storage;

  /** @param storage asked for each time, since asking alone may throw */
  constructor(storage: () => Storage) {
    this.#storage = storage;
  }

  get(name: string): string | undefined {
    try {
      return this.#storage().getItem(name) ?? undefined;
    } catch {
      return undefined;
    }
  }

  /** Undefined: nothing is kept any more. */
  set(name: string, value: string | undefined): void {
    try {
      if (value === undefined) this.#storage().removeItem(name);
      else this.#storage().setItem(name, value);
    } catch {
      // It holds until the page is left.
    }
  }
}

/** Until someone clears it. */
export const LASTING = new Kept(() => localStorage);
/** Until the tab is closed. */
export const PASSING = new Kept(() => sessionStorage);
