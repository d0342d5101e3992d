import type { Divergence } from './events.js';

/** A side's text, and its tokens as the characters that each completes. */
export interface Written {
  readonly text: string;
  readonly pieces: readonly string[];
}

/** Where two texts part; null where they are the same. */
export function divergenceOf(main: Written, draft: Written): Divergence | null {
  if (main.text === draft.text) return null;
  const character = commonCharacters(main.text, draft.text);
  const token = pieceAt(draft.pieces, character);
  return {
    token,
    character,
    main: main.pieces[pieceAt(main.pieces, character)] ?? '',
    draft: draft.pieces[token] ?? '',
  };
}

/** Code units that both begin with, no half of a surrogate pair. */
function commonCharacters(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return /[\uD800-\uDBFF]$/.test(a.slice(0, length)) ? length - 1 : length;
}

/** The piece that the code unit at `offset` lies in; where the text has ended, the place behind its last one. */
function pieceAt(pieces: readonly string[], offset: number): number {
  let end = 0;
  const index = pieces.findIndex((piece) => {
    end += piece.length;
    return end > offset;
  });
  // The token that ends a text completes nothing of it.
  return index < 0 ? pieces.findLastIndex((piece) => piece !== '') + 1 : index;
}
