import type { Model, TokenKind } from '../engine/backend.js';

/** What of a model is compared; a loaded `Model` will do. */
export interface PairSide {
  readonly vocabulary: Omit<Model['vocabulary'], 'tokenize'>;
  readonly metadata: Model['metadata'];
}

/** What a token stands for. Control tokens have the bytes of their text. */
export interface TokenContent {
  readonly bytes: Uint8Array;
  readonly kind: Exclude<TokenKind, 'unused'>;
}

/** The content of every token by its id; `undefined` for a placeholder. */
export type TokenContents = readonly (TokenContent | undefined)[];

/** One side with its vocabulary read, so that the kernels are asked once for each token. */
export interface ReadSide extends PairSide {
  readonly tokens: TokenContents;
}

/** Reads the vocabulary of one side. */
export function readSide({ vocabulary, metadata }: PairSide): ReadSide {
  const tokens = Array.from({ length: vocabulary.size }, (_, id) => {
    const kind = vocabulary.kind(id);
    return kind === 'unused' ? undefined : { bytes: vocabulary.bytes(id, true), kind };
  });
  return { vocabulary, metadata, tokens };
}

/** Whether a token writes text of its own rather than giving a sign. */
export function isText({ kind }: TokenContent): boolean {
  return kind === 'normal' || kind === 'byte' || kind === 'user-defined';
}
