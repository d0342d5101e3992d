import type { Writable } from 'node:stream';
import { OutriderError } from '../errors.js';

/**
 * Writes to a stream no faster than it takes the text, and knows when nobody reads it any more (`| head -1`).
 * The stream stays open unless `end` is called.
 */
export class Output {
  readonly #stream: Writable;
  readonly #name: string;
  readonly #left = new AbortController();
  #failure: Error | undefined;

  /** `name` is how messages call the stream. */
  constructor(stream: Writable, name: string) {
    this.#stream = stream;
    this.#name = name;
    stream.on('error', (error) => this.#lose(error));
  }

  /** Aborted when the reader has left or writing has failed. */
  get signal(): AbortSignal {
    return this.#left.signal;
  }

  /**
   * Resolves when the text is written, and at once after the reader left.
   * @throws OutriderError output_failed when the stream breaks for another reason, such as a full disk
   */
  async write(text: string): Promise<void> {
    await this.#settled((done) => this.#stream.write(text, done));
    this.#tellFailure();
  }

  /**
   * Closes the stream once all is written.
   * @throws OutriderError output_failed when something was not, also where `write` has said so before
   */
  async end(): Promise<void> {
    await this.#settled((done) => this.#stream.end(done));
    this.#tellFailure();
  }

  #tellFailure(): void {
    if (this.#failure === undefined) return;
    throw new OutriderError('output_failed', `cannot write to ${this.#name}: ${this.#failure.message}`);
  }

  /** Starts something on the stream and waits for it, or for the loss of the stream: pending work may never end then. */
  #settled(start: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve) => {
      if (this.signal.aborted) return resolve();
      const lost = (): void => resolve();
      this.signal.addEventListener('abort', lost, { once: true });
      start((error) => {
        this.signal.removeEventListener('abort', lost);
        if (error) this.#lose(error);
        resolve();
      });
    });
  }

  #lose(error: NodeJS.ErrnoException): void {
    const readerLeft = error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED';
    if (!readerLeft && !this.signal.aborted) this.#failure = error;
    this.#left.abort();
  }
}
