/** A token's bytes and a number that belongs to it. */
export interface Weighed {
  readonly bytes: Uint8Array;
  readonly weight: number;
}

/**
 * Two vocabularies may cut one text in different places. For each of the pieces: the product of the weights of those parts
 * that cover exactly the same bytes; `undefined` where some part reaches over an edge of the piece.
 */
export function products(pieces: readonly Uint8Array[], parts: readonly Weighed[]): (number | undefined)[] {
  let next = 0;
  /** Where the next part begins. */
  let offset = 0;
  let begin = 0;
  return pieces.map(({ length }) => {
    const end = begin + length;
    const first = next;
    const startsTogether = offset === begin;
    let product = 1;
    for (; next < parts.length && offset < end; next++) {
      product *= parts[next]!.weight;
      offset += parts[next]!.bytes.length;
    }
    begin = end;
    return startsTogether && offset === end && next > first ? product : undefined;
  });
}
