import { type CacheText, endOf, NOTHING, type Reusable, type Reuse, type WantedText } from './slots-reuse.js';

/** Copying a slot's cells costs as much as its whole cache; for a shorter beginning, evaluating it is no dearer. */
const LEAST_COPIED = 32;

/** A slot for a new sequence. */
export interface Acquired {
  readonly id: number;
  /** What of the wanted text's cells is there. */
  readonly reusable: Reusable;
  /** The slot that they have to be copied from first, where that is another one. */
  readonly copyOf: number | undefined;
  /** What the slot held, where much of it is going to be overwritten. */
  readonly lost: CacheText | undefined;
}

interface Slot extends CacheText {
  readonly id: number;
}

interface Match {
  readonly slot: Slot;
  readonly reusable: Reusable;
}

/**
 * The sequence ids of a context that nobody uses, with the text whose cells each still holds. A chat that goes on, a
 * prompt that is sent again, a beginning that many requests share: whatever is there already is not evaluated again.
 */
export class Slots {
  /** Least recently used first. */
  readonly #idle: Slot[];
  readonly #reuse: Reuse;

  constructor(count: number, reuse: Reuse) {
    this.#idle = Array.from({ length: count }, (_, id) => ({ id, tokens: [], promptLength: 0 }));
    this.#reuse = reuse;
  }

  /** Those that are free, with what they hold. */
  get idle(): readonly (CacheText & { readonly id: number })[] {
    return this.#idle;
  }

  /**
   * The slot with the longest common beginning; if that is none, an empty one or the least recently used. A slot that
   * would lose much of what it holds (two chats with one system prompt) stays as it is, and its beginning is copied to that
   * one. `undefined`: all are in use.
   *
   * @param elsewhere leading tokens whose cells can be had from elsewhere: a slot has to offer more
   */
  acquire(wanted: WantedText, elsewhere = 0): Acquired | undefined {
    const victim = this.#idle.find(({ tokens }) => tokens.length === 0) ?? this.#idle[0];
    if (victim === undefined) return undefined;
    const best = this.#bestFor(wanted);
    if (best === undefined || best.reusable.length <= elsewhere) return this.#take(victim, NOTHING);
    const { slot, reusable } = best;
    if (!losesMuch(slot, reusable) || slot === victim) return this.#take(slot, reusable);
    if (reusable.length >= LEAST_COPIED) return this.#take(victim, reusable, slot.id);
    return this.#take(victim, this.#reuse(victim, wanted));
  }

  /** Gives a slot back with what it holds; it is the most recently used one now. */
  release(id: number, text: CacheText): void {
    this.#idle.push({ ...text, id });
  }

  #bestFor(wanted: WantedText): Match | undefined {
    let best: Match | undefined;
    for (const slot of this.#idle) {
      const reusable = this.#reuse(slot, wanted);
      if (reusable.length > (best?.reusable.length ?? 0)) best = { slot, reusable };
    }
    return best;
  }

  #take(slot: Slot, reusable: Reusable, copyOf?: number): Acquired {
    this.#idle.splice(this.#idle.indexOf(slot), 1);
    // A copy comes from another slot: of this one nothing stays.
    const kept = copyOf === undefined ? reusable : NOTHING;
    return { id: slot.id, reusable, copyOf, lost: losesMuch(slot, kept) ? slot : undefined };
  }
}

/**
 * Whether using these cells of a text would destroy much of it: another chat, and not another answer in the same one. What
 * was cut out before the last of them is a chat's own past.
 */
export function losesMuch({ tokens }: CacheText, used: Reusable): boolean {
  return 4 * (tokens.length - endOf(used)) > tokens.length;
}
