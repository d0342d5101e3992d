import type { Token } from '../speculative/index.js';

/** What of a vocabulary is needed to find breakers in it; the engine's `Vocabulary` has it. */
export interface BreakerVocabulary {
  readonly size: number;
  bytes(token: Token, renderSpecial: boolean): Uint8Array;
  tokenize(text: string, options: { addSpecial: boolean; parseSpecial: boolean }): Token[];
}

/** llama.cpp's limits: bytes of a breaker that count, and tokens after its head. */
const MAX_BYTES = 40;
const MAX_TAIL = 20;

/** Texts that are remembered, and spellings of all of them together: a letter alone may have a hundred thousand. */
const MAX_KNOWN = 256;
const MAX_KNOWN_SPELLINGS = 500_000;

type Spellings = readonly (readonly Token[])[];

/**
 * DRY's sequence breakers as tokens. A text may begin or end inside tokens, so each has many spellings: every token that
 * contains it, and every token that ends with its beginning, followed by the tokens of the rest.
 */
export class SequenceBreakers {
  readonly #vocabulary: BreakerVocabulary;
  /** Looking through a vocabulary takes tens of milliseconds, and clients always send the same few texts. */
  readonly #known = new Map<string, Spellings>();
  #knownSpellings = 0;

  constructor(vocabulary: BreakerVocabulary) {
    this.#vocabulary = vocabulary;
  }

  /** The spellings of all `texts`, each a head token and the tokens after it. */
  spellings(texts: readonly string[]): Spellings {
    return texts.flatMap((text) => this.#spellingsOf(text));
  }

  /** The most recently used stands last in the map. */
  #spellingsOf(text: string): Spellings {
    const spellings = this.#forget(text) ?? spell(Buffer.from(text).subarray(0, MAX_BYTES), this.#vocabulary);
    this.#known.set(text, spellings);
    this.#knownSpellings += spellings.length;
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_KNOWN && this.#knownSpellings <= MAX_KNOWN_SPELLINGS) break;
      this.#forget(oldest);
    }
    return spellings;
  }

  #forget(text: string): Spellings | undefined {
    const spellings = this.#known.get(text);
    this.#known.delete(text);
    this.#knownSpellings -= spellings?.length ?? 0;
    return spellings;
  }
}

function spell(breaker: Buffer, vocabulary: BreakerVocabulary): Token[][] {
  const tails: Token[][] = [];
  for (let overlap = 1; overlap < breaker.length; overlap++) {
    const rest = breaker.toString('utf8', overlap);
    tails[overlap] = vocabulary.tokenize(rest, { addSpecial: false, parseSpecial: false }).slice(0, MAX_TAIL);
  }
  const spellings: Token[][] = [];
  for (let token = 0; token < vocabulary.size; token++) {
    const piece = Buffer.from(vocabulary.bytes(token, true));
    if (piece.includes(breaker)) {
      spellings.push([token]);
      continue;
    }
    for (let overlap = 1; overlap < breaker.length && overlap <= piece.length; overlap++) {
      const ending = piece.subarray(piece.length - overlap);
      if (ending.equals(breaker.subarray(0, overlap))) spellings.push([token, ...tails[overlap]!]);
    }
  }
  return spellings;
}
