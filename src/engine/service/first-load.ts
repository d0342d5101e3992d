import { OutriderError } from '../../errors.js';

/** The first load of an engine, which its caller waits for and may abort; the later ones nobody sees. */
export class FirstLoad {
  /** Settles once; rejects with an OutriderError. */
  readonly done: Promise<void>;
  #settle: (error?: OutriderError) => void = () => {};

  constructor(signal: AbortSignal | undefined) {
    const abort = (): void => this.failed(new OutriderError('aborted', 'loading was aborted'));
    this.done = new Promise((resolve, reject) => {
      this.#settle = (error) => {
        signal?.removeEventListener('abort', abort);
        if (error === undefined) resolve();
        else reject(error);
      };
    });
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
  }

  /** The engine is loaded; nothing where that is settled. */
  succeeded(): void {
    this.#settle();
  }

  /** It cannot be loaded, or nobody waits for it any more; nothing where that is settled. */
  failed(error: OutriderError): void {
    this.#settle(error);
  }
}
