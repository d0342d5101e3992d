import type { Context } from './backend.js';
import type { CachedSequence } from './cached-sequence.js';
import type { CacheText } from './slots-reuse.js';
import type { Saved, StateStore } from './state-store.js';

type Move =
  | { readonly kind: 'save'; readonly id: number; readonly text: CacheText }
  | { readonly kind: 'copy'; readonly from: number; readonly to: number }
  | { readonly kind: 'restore'; readonly sequence: CachedSequence; readonly saved: Saved; readonly reused: number };

/**
 * What has to be done with cells before the next pass, in the order in which it was decided: nobody touches a context
 * while its pass runs. The kernels make a copy only within the next pass, so until then neither of its slots can be
 * saved or restored.
 */
export class SlotMoves {
  readonly #context: Context;
  readonly #store: StateStore;
  /** Whose cells the store keeps. */
  readonly #owner: object;
  readonly #pending: Move[] = [];
  /** The slots of copies that are pending, or done and not yet made by a pass. */
  #copied = new Set<number>();

  constructor(context: Context, store: StateStore, owner: object) {
    this.#context = context;
    this.#store = store;
    this.#owner = owner;
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0;
  }

  /** Whether a slot can be saved and restored. */
  isSettled(id: number): boolean {
    return !this.#copied.has(id);
  }

  save(id: number, text: CacheText): void {
    this.#pending.push({ kind: 'save', id, text });
  }

  copy(from: number, to: number): void {
    this.#pending.push({ kind: 'copy', from, to });
    this.#copied.add(from).add(to);
  }

  /** Puts saved cells into the slot of a sequence; where that fails, the sequence evaluates its tokens again. */
  restore(sequence: CachedSequence, saved: Saved, reused: number): void {
    this.#pending.push({ kind: 'restore', sequence, saved, reused });
  }

  /** For a sequence that closes: true where its slot never got the cells that were to be restored. */
  forget(sequence: CachedSequence): boolean {
    const at = this.#pending.findIndex((move) => move.kind === 'restore' && move.sequence === sequence);
    return at >= 0 && this.#pending.splice(at, 1).length > 0;
  }

  /** To be called between passes. */
  async run(): Promise<void> {
    for (let move = this.#pending.shift(); move !== undefined; move = this.#pending.shift()) await this.#perform(move);
  }

  /** A pass has been made, and with it the copies that were done before. */
  passed(): void {
    if (this.#copied.size === 0) return;
    this.#copied = new Set(this.#pending.flatMap((move) => (move.kind === 'copy' ? [move.from, move.to] : [])));
  }

  async #perform(move: Move): Promise<void> {
    switch (move.kind) {
      case 'copy':
        return this.#context.copy(move.from, move.to);
      case 'save': {
        // Cells of a pass that was running when the sequence was closed are no part of its text.
        if (!this.#context.trim(move.id, move.text.tokens.length)) return;
        return this.#store.put(this.#owner, { ...move.text, state: await this.#context.save(move.id) });
      }
      case 'restore': {
        const { sequence, saved, reused } = move;
        this.#store.used(saved, reused);
        if (await this.#context.restore(sequence.id, saved.state)) return;
        sequence.cached = 0;
        sequence.reused = 0;
      }
    }
  }
}
