import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { OutriderError } from '../errors.js';

/**
 * Writes to a stream no faster than it takes the text, and knows when nobody reads it any more (`| head -1`).
 * Its user closes it or gives it up; the stream itself stays open unless `end` is called.
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
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') this.#failure ??= error;
      this.#left.abort();
    });
  }

  /** Aborted when the reader has left or writing failed. */
  get signal(): AbortSignal {
    return this.#left.signal;
  }

  /** Resolves when the stream wants more, at once after the reader left. Rejects when writing failed (disk full). */
  async write(text: string): Promise<void> {
    if (this.#left.signal.aborted) return this.check();
    if (this.#stream.write(text)) return;
    await once(this.#stream, 'drain', { signal: this.signal }).catch(() => this.check());
  }

  /** @throws OutriderError output_failed when the stream broke for another reason than a reader that left */
  check(): void {
    if (this.#failure === undefined) return;
    throw new OutriderError('output_failed', `cannot write to ${this.#name}: ${this.#failure.message}`);
  }

  /** Waits until all is written and closes the stream. */
  async end(): Promise<void> {
    this.#stream.end();
    if (!this.signal.aborted) await once(this.#stream, 'finish', { signal: this.signal }).catch(() => {});
    this.check();
  }
}
