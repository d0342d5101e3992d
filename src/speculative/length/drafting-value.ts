import type { DraftState } from './acceptance-model.js';
import type { Outlook } from './text-acceptance.js';

/** Survival probabilities are rounded to powers of this, down to its 13th. */
const BASE = 0.75;
const LEVELS = 14;
const SURVIVALS = Array.from({ length: LEVELS }, (_, i) => BASE ** i);

export interface DraftingValueInput {
  /** The most tokens of a draft. */
  readonly max: number;
  /** Tokens that a millisecond is worth now. */
  readonly speed: number;
  /** Milliseconds of verifying n rows, n from 0 (unused) to max + 1. */
  readonly verify: readonly number[];
  /** Milliseconds of one draft forward. */
  readonly forward: number;
  readonly outlook: Outlook;
}

/** By drafted tokens, survival and state of the draft. */
export type DraftingValue = (drafted: number, survival: number, state: DraftState) => number;

/**
 * U[k][s][b]: the value, in tokens, of one more draft forward at k drafted tokens of which all survive with probability s
 * and the last is of bin b, and of playing on optimally afterwards, over verifying now. The forward is paid; then its
 * token's confidence is known, and the token is kept where that pays (algorithms.md 2.3, 4):
 *
 *     U[k][s][b] = -speed * forward
 *                + sum_c share_bc * max(0, s m_c - speed (T(k+2) - T(k+1)) + max(0, U[k+1][s m_c][c]))
 *
 * There tokens are independent of each other; here they come in stretches, which is what makes long drafts pay: without
 * that a text that is half easy looks as if its drafts always broke off. The myopic rule would stop before the next cheap
 * row count of a stepped curve and forgets that a token may be dropped.
 */
export function draftingValue({ max, speed, verify, forward, outlook }: DraftingValueInput): DraftingValue {
  const { means, shares } = outlook;
  // In levels, a token of such an acceptance is so many steps down.
  const steps = means.map((mean) => Math.log(Math.max(mean, 1e-6)) / Math.log(BASE));
  const states = shares.length;
  // The table is made anew every few rounds: one flat array, in which what the innermost loop goes through lies side by side.
  const table = new Float64Array(max * LEVELS * states).fill(-speed * forward);
  const sharesOf = means.map((_, bin) => Float64Array.from(shares, (row) => row[bin]!));
  /** U at a level that may be no whole number. */
  const at = (k: number, level: number, state: DraftState): number => {
    const bounded = Math.min(LEVELS - 1, level);
    const low = Math.floor(bounded);
    const place = (k * LEVELS + low) * states + state;
    const value = table[place]!;
    return bounded === low ? value : value + (bounded - low) * (table[place + states]! - value);
  };
  for (let k = max - 1; k >= 0; k--) {
    const price = speed * (verify[k + 2]! - verify[k + 1]!);
    for (let level = 0; level < LEVELS; level++) {
      const place = (k * LEVELS + level) * states;
      for (let bin = 0; bin < means.length; bin++) {
        const after = k + 1 < max ? Math.max(0, at(k + 1, level + steps[bin]!, bin)) : 0;
        const gain = SURVIVALS[level]! * means[bin]! - price + after;
        if (gain <= 0) continue;
        const share = sharesOf[bin]!;
        for (let state = 0; state < states; state++) table[place + state]! += share[state]! * gain;
      }
    }
  }
  return (drafted, survival, state) =>
    drafted < max ? at(drafted, levelOf(survival), state) : Number.NEGATIVE_INFINITY;
}

function levelOf(survival: number): number {
  return Math.max(0, Math.log(Math.max(survival, 1e-6)) / Math.log(BASE));
}
