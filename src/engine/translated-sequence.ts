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
 * Makes a draft model's sequences speak the target's token ids: what goes in is translated, and in the rows that come
 * out every logit stands at its target id, with -Infinity where the draft has no counterpart. So drafters and samplers
 * never learn that there are two vocabularies.
 *
 * Goes through both vocabularies once, so make one for a pair and use it for all its sequences.
 */
export function sequenceTranslator(translation: Translation): (sequence: Sequence) => Sequence {
  const arrange = rowArranger(translation);
  return (sequence) => ({
    get length() {
      return sequence.length;
    },
    get capacity() {
      return sequence.capacity;
    },
    evaluate: (tokens, rows, read) =>
      sequence.evaluate(
        tokens.map((token) => translation.toDraft(token)),
        rows,
        (seen) => read(seen.map(arrange)),
      ),
    rewind: (length) => sequence.rewind(length),
    close: () => sequence.close(),
  });
}

/** In place where every draft id is the target's own, as in one family of models; else by a copy in the target's order. */
function rowArranger({ targetSize, draftSize, masked, toTarget }: Translation): (row: Row, index: number) => Row {
  const moved: { readonly from: Token; readonly to: Token }[] = [];
  for (let from = 0; from < draftSize; from++) {
    const to = toTarget(from);
    if (to !== undefined && to !== from) moved.push({ from, to });
  }
  const gone = Int32Array.from(
    [...Array.from(masked), ...moved.map(({ from }) => from)].filter((id) => id < targetSize),
  );
  if (moved.length === 0 && draftSize >= targetSize) {
    return (row) => {
      for (const id of gone) row[id] = Number.NEGATIVE_INFINITY;
      return draftSize === targetSize ? row : row.subarray(0, targetSize);
    };
  }
  // Rows are lent until `read` returns, which is before anybody else reads: one copy for each place will do.
  const copies: Row[] = [];
  return (row, index) => {
    copies[index] ??= new Float32Array(targetSize).fill(Number.NEGATIVE_INFINITY);
    const arranged = copies[index];
    arranged.set(row.subarray(0, targetSize));
    for (const id of gone) arranged[id] = Number.NEGATIVE_INFINITY;
    for (const { from, to } of moved) arranged[to] = row[from]!;
    return arranged;
  };
}
