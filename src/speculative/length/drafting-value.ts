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
  /** What the next token's acceptance may turn out to be (AcceptanceModel.outlook). */
  readonly outlook: readonly { readonly share: number; readonly mean: number }[];
}

/**
 * U[k][s]: the value, in tokens, of one more draft forward at k drafted tokens of which all survive with probability s,
 * and of playing on optimally afterwards, over verifying now. The forward is paid; then its token's confidence is known,
 * and the token is kept where that pays (algorithms.md 2.3, 4):
 *
 *     U[k][s] = -speed * forward + sum_b share_b * max(0, s m_b - speed (T(k+2) - T(k+1)) + max(0, U[k+1][s m_b]))
 *
 * The myopic rule would stop before the next cheap row count of a stepped curve and forgets that a token may be dropped.
 */
export function draftingValue({
  max,
  speed,
  verify,
  forward,
  outlook,
}: DraftingValueInput): (drafted: number, survival: number) => number {
  const table: Float64Array[] = [];
  table[max] = new Float64Array(LEVELS).fill(Number.NEGATIVE_INFINITY);
  // In levels, a token of such an acceptance is so many steps down.
  const steps = outlook.map(({ mean }) => Math.log(Math.max(mean, 1e-6)) / Math.log(BASE));
  for (let k = max - 1; k >= 0; k--) {
    const row = new Float64Array(LEVELS);
    const next = table[k + 1]!;
    const price = speed * (verify[k + 2]! - verify[k + 1]!);
    for (let level = 0; level < LEVELS; level++) {
      let value = -speed * forward;
      for (let bin = 0; bin < outlook.length; bin++) {
        const { share, mean } = outlook[bin]!;
        const after = next[Math.min(LEVELS - 1, Math.round(level + steps[bin]!))]!;
        const gain = SURVIVALS[level]! * mean - price + Math.max(0, after);
        if (gain > 0) value += share * gain;
      }
      row[level] = value;
    }
    table[k] = row;
  }
  return (drafted, survival) => table[Math.min(drafted, max)]![levelOf(survival)]!;
}

function levelOf(survival: number): number {
  return Math.min(LEVELS - 1, Math.max(0, Math.round(Math.log(Math.max(survival, 1e-6)) / Math.log(BASE))));
}
