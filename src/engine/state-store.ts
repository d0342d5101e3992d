import type { SequenceState } from './backend.js';
import { losesMuch } from './slots.js';
import type { CacheText, Reusable, Reuse, WantedText } from './slots-reuse.js';

/** Saved cells, and the text that they hold. */
export interface Saved extends CacheText {
  readonly state: SequenceState;
}

/** Saved cells, and what of them a text can use. */
export interface Found {
  readonly saved: Saved;
  readonly reusable: Reusable;
}

interface Entry extends Saved {
  readonly owner: object;
}

/**
 * Cells of chats whose slots others have taken, in memory: they come back without being evaluated again. One store for
 * all contexts of an engine, bounded in bytes; the oldest go first.
 */
export class StateStore {
  readonly #limit: number;
  /** Oldest first. */
  #entries: Entry[] = [];
  #bytes = 0;

  /** @param limit bytes; 0 keeps nothing */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes of all that is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  get isOff(): boolean {
    return this.#limit === 0;
  }

  /** What has the longest common beginning with `wanted`, of those that `owner` has put, and how long that is. */
  find(owner: object, wanted: WantedText, reuse: Reuse): Found | undefined {
    let best: Found | undefined;
    for (const saved of this.#entries) {
      if (saved.owner !== owner) continue;
      const reusable = reuse(saved, wanted);
      if (reusable.length > (best?.reusable.length ?? 0)) best = { saved, reusable };
    }
    return best;
  }

  /** Saved cells are used: they are kept on only where much of what they hold is not. */
  used(saved: Saved, reusable: Reusable): void {
    if (!losesMuch(saved, reusable)) this.#drop((entry) => entry === saved);
  }

  /** Keeps what fits, and lets go of what is a beginning of it. */
  put(owner: object, saved: Saved): void {
    const { bytes } = saved.state;
    if (bytes.length > this.#limit) return;
    const { tokens } = saved;
    this.#drop((entry) => entry.owner === owner && entry.tokens.every((token, i) => token === tokens[i]));
    this.#entries.push({ owner, ...saved });
    this.#bytes += bytes.length;
    while (this.#bytes > this.#limit) this.#bytes -= this.#entries.shift()!.state.bytes.length;
  }

  #drop(isGone: (entry: Entry) => boolean): void {
    this.#entries = this.#entries.filter((entry) => !isGone(entry));
    this.#bytes = this.#entries.reduce((sum, { state }) => sum + state.bytes.length, 0);
  }
}
