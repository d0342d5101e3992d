/** The tokens at the end of a text, of which the rest is not read: a story may be many times as long as the context. */
import { OutriderError } from '../../errors.js';
import type { Token } from '../../speculative/index.js';

/** Characters of the first end, for each token that is wanted: more than most texts have, so that one reading is enough. */
const CHARACTERS = 6;
/** Where a text is cut, the first tokens may be others than those of the whole text: so many more are read and dropped. */
const MARGIN = 64;

/** Tokens of a text, begin-of-text included where that is asked for and the model wants it. */
export type ReadTokens = (text: string, addSpecial: boolean) => Promise<readonly Token[]>;

/** Of a whole text all tokens; of an end more than are wanted, and no begin-of-text. */
export interface TextEnd {
  readonly tokens: readonly Token[];
  readonly isWhole: boolean;
}

/** Reads ends of doubling length until one has enough tokens. */
export async function readEnd(text: string, wanted: number, addSpecial: boolean, read: ReadTokens): Promise<TextEnd> {
  let best: TextEnd = { tokens: [], isWhole: false };
  // Lengths of ends, in characters: with too few tokens, and with more than can be read at once.
  let short = 0;
  let long = Number.POSITIVE_INFINITY;
  for (
    let length = wanted * CHARACTERS;
    long - short > 1;
    length = Number.isFinite(long) ? Math.floor((short + long) / 2) : 2 * length
  ) {
    const end = lastCharacters(text, length);
    const isWhole = end.length === text.length;
    const tokens = await unlessTooLong(read(end, isWhole && addSpecial));
    if (tokens === undefined) {
      long = length;
      continue;
    }
    best = { tokens, isWhole };
    if (isWhole || tokens.length >= wanted + MARGIN) break;
    short = length;
  }
  return best;
}

/** One fewer where they would begin with half of a surrogate pair. */
function lastCharacters(text: string, length: number): string {
  const start = Math.max(0, text.length - length);
  return text.slice(start > 0 && /[\uDC00-\uDFFF]/.test(text[start]!) ? start + 1 : start);
}

async function unlessTooLong(tokens: Promise<readonly Token[]>): Promise<readonly Token[] | undefined> {
  try {
    return await tokens;
  } catch (error) {
    if (error instanceof OutriderError && error.code === 'text_too_long') return undefined;
    throw error;
  }
}
