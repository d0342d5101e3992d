/** The models behind the server, as far as the page as a whole needs to know them. */
import type { Api } from './api.js';
import type { Mode } from './chat/frames.js';
import { Store } from './store.js';

export interface PairNames {
  readonly target: { readonly name: string };
  readonly drafts: readonly { readonly name: string }[];
  /** Of requests that name none. */
  readonly mode: Mode;
}

/** Undefined until the server has told. */
export class PairStore extends Store<PairNames | undefined> {
  readonly #api: Pick<Api, 'get'>;

  constructor(api: Pick<Api, 'get'>) {
    super(undefined);
    this.#api = api;
  }

  /** Asks again: the server may be another one by now. */
  async ask(): Promise<void> {
    try {
      this.set(await this.#api.get<PairNames>('api/outrider/pair'));
    } catch {
      // Connection and key dialog tell of it.
    }
  }
}
