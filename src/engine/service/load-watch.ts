export interface LoadWatchOptions {
  /** Milliseconds between two looks. */
  readonly tickMs: number;
  /** Milliseconds that may pass without any progress. */
  readonly mostMs: number;
}

/**
 * Blocks that count as progress, 1 MiB where a block has 512 bytes. Less may be this process itself, whose memory comes
 * back from the disk, or where the system counts calls (Windows), the pings that it answers.
 */
const LEAST_BLOCKS = 2 ** 11;

/**
 * Notices a load that gets no further: it may hang on a thread of its own, while the process answers every ping. A load of
 * any length is left alone while progress is told or the disk is read, since llama.cpp tells nothing while the system
 * reads a file that it maps. Looks are counted and not timed, since a machine that sleeps is no hung load.
 */
export class LoadWatch {
  readonly #options: LoadWatchOptions;
  #looks = 0;
  #blocks = 0;

  constructor(options: LoadWatchOptions) {
    this.#options = options;
  }

  /** Progress was told. */
  progressed(): void {
    this.#looks = 0;
  }

  /** @param blocks that the process has read from disks so far */
  hasRead(blocks: number): void {
    if (blocks - this.#blocks < LEAST_BLOCKS) return;
    this.#blocks = blocks;
    this.progressed();
  }

  /**
   * To be called every `tickMs`.
   * @returns what is wrong, in a few words, where the load has not got on for longer than it may
   */
  look(): string | undefined {
    const { tickMs, mostMs } = this.#options;
    this.#looks += 1;
    return this.#looks * tickMs > mostMs ? `loading did not get on for ${mostMs / 1000} s` : undefined;
  }
}
