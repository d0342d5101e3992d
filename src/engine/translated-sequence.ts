import type { Row, Sequence, Token } from '../speculative/index.js';

/** How the ids of a draft model correspond to the target's; `src/models/pair.ts` finds it out. */
export interface Translation {
  readonly targetSize: number;
  readonly draftSize: number;
  /** Draft ids that must never be proposed. */
  readonly masked: ArrayLike<Token>;
  toDraft(token: Token): Token;
  /** `undefined` for a masked id. */
  toTarget(token: Token): Token | undefined;
}

/**
 * A draft model's sequence in the target's token ids: what goes in is translated, and in the rows that come out every
 * logit stands at its target id, with -Infinity where the draft has no counterpart. So drafters and samplers never learn
 * that there are two vocabularies.
 */
export function translateSequence(sequence: Sequence, translation: Translation): Sequence {
  const arrange = rowArranger(translation);
  return {
    get length() {
      return sequence.length;
    },
    get capacity() {
      return sequence.capacity;
    },
    evaluate: (tokens, rows, read) =>
      sequence.evaluate(tokens.map(translation.toDraft), rows, (seen) => read(seen.map(arrange))),
    rewind: (length) => sequence.rewind(length),
    close: () => sequence.close(),
  };
}

/** In place where every draft id is the target's own, as in one family of models; else by a copy in the target's order. */
function rowArranger({ targetSize, draftSize, masked, toTarget }: Translation): (row: Row) => Row {
  const moved: { readonly from: Token; readonly to: Token }[] = [];
  for (let from = 0; from < draftSize; from++) {
    const to = toTarget(from);
    if (to !== undefined && to !== from) moved.push({ from, to });
  }
  if (moved.length === 0 && draftSize >= targetSize) {
    return (row) => {
      for (let i = 0; i < masked.length; i++) row[masked[i]!] = Number.NEGATIVE_INFINITY;
      return row.subarray(0, targetSize);
    };
  }
  const leaving = [...Array.from(masked), ...moved.map(({ from }) => from)].filter((id) => id < targetSize);
  return (row) => {
    const arranged = new Float32Array(targetSize).fill(Number.NEGATIVE_INFINITY);
    arranged.set(row.subarray(0, targetSize));
    for (const id of leaving) arranged[id] = Number.NEGATIVE_INFINITY;
    for (const { from, to } of moved) arranged[to] = row[from]!;
    return arranged;
  };
}
