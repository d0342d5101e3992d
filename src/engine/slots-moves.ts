import type { CellRange, Context } from './backend.js';
import type { CachedSequence } from './cached-sequence.js';
import { type CacheText, isMoved } from './slots-reuse.js';
import type { Found, StateStore } from './state-store.js';

type Move =
  | { readonly kind: 'save'; readonly id: number; readonly text: CacheText }
  | { readonly kind: 'copy'; readonly from: number; readonly to: number }
  | { readonly kind: 'compact'; readonly id: number; readonly kept: readonly CellRange[] }
  | { readonly kind: 'restore'; readonly sequence: CachedSequence; readonly found: Found };

/**
 * What has to be done with cells before the next pass, in the order in which it was decided: nobody touches a context
 * while its pass runs. The kernels make a copy, and turn the keys of cells that moved, only within the next pass: until then
 * none of these slots can be saved or restored.
 */
export class SlotMoves {
  readonly #context: Context;
  readonly #store: StateStore;
  /** Whose cells the store keeps. */
  readonly #owner: object;
  readonly #pending: Move[] = [];
  /** Whose cells are being restored. */
  #restoring: CachedSequence | undefined;
  /** The slots of copies and shifts that are pending, or done and not yet made by a pass. */
  #unsettled = new Set<number>();

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
    return !this.#unsettled.has(id);
  }

  save(id: number, text: CacheText): void {
    this.#pending.push({ kind: 'save', id, text });
  }

  copy(from: number, to: number): void {
    this.#pending.push({ kind: 'copy', from, to });
    this.#unsettled.add(from).add(to);
  }

  /** Leaves of a slot's cells these ranges, one behind the other. */
  compact(id: number, kept: readonly CellRange[]): void {
    this.#pending.push({ kind: 'compact', id, kept });
    this.#unsettled.add(id);
  }

  /** Puts saved cells into the slot of a sequence; where that fails, the sequence evaluates its tokens again. */
  restore(sequence: CachedSequence, found: Found): void {
    this.#pending.push({ kind: 'restore', sequence, found });
    if (isMoved(found.reusable)) this.#unsettled.add(sequence.id);
  }

  /** For a sequence that closes: true where its slot never got the cells that were to be restored, or may not get them. */
  forget(sequence: CachedSequence): boolean {
    if (sequence === this.#restoring) return true;
    const at = this.#pending.findIndex((move) => move.kind === 'restore' && move.sequence === sequence);
    return at >= 0 && this.#pending.splice(at, 1).length > 0;
  }

  /** To be called between passes. */
  async run(): Promise<void> {
    for (let move = this.#pending.shift(); move !== undefined; move = this.#pending.shift()) await this.#perform(move);
  }

  /** A pass has been made, and with it the copies and shifts that were done before. */
  passed(): void {
    if (this.#unsettled.size > 0) this.#unsettled = new Set(this.#pending.flatMap(unsettledBy));
  }

  async #perform(move: Move): Promise<void> {
    switch (move.kind) {
      case 'copy':
        return this.#context.copy(move.from, move.to);
      case 'compact':
        return this.#context.compact(move.id, move.kept);
      case 'save':
        return this.#save(move.id, move.text);
      case 'restore':
        return this.#restore(move.sequence, move.found);
    }
  }

  async #save(id: number, text: CacheText): Promise<void> {
    // Cells of a pass that was running when the sequence was closed are no part of its text.
    if (!this.#context.trim(id, text.tokens.length)) return;
    try {
      this.#store.put(this.#owner, { ...text, state: await this.#context.save(id) });
    } catch {
      // No memory for it: should that text come again it is evaluated again. Nobody who waits for the pass fails for it.
    }
  }

  async #restore(sequence: CachedSequence, { saved, reusable }: Found): Promise<void> {
    this.#store.used(saved, reusable);
    this.#restoring = sequence;
    const isThere = await this.#context.restore(sequence.id, saved.state);
    this.#restoring = undefined;
    if (!isThere) return sequence.holdsNothing();
    if (isMoved(reusable)) this.#context.compact(sequence.id, reusable.ranges);
  }
}

function unsettledBy(move: Move): readonly number[] {
  switch (move.kind) {
    case 'copy':
      return [move.from, move.to];
    case 'compact':
      return [move.id];
    case 'restore':
      return isMoved(move.found.reusable) ? [move.sequence.id] : [];
    case 'save':
      return [];
  }
}
