import type { Row, Token } from '../../speculative/index.js';
import type { FakeVocabulary } from './fake-vocabulary.js';
import { FAKE } from './fake-vocabulary.js';

export interface FakeLawOptions {
  readonly vocabulary: FakeVocabulary;
  /** Laws of one seed agree, also between vocabularies that number their tokens in other ways. */
  readonly seed: number;
  /** The share of positions, in [0, 1], at which this law goes its own way instead. */
  readonly drift: number;
  /** Added to the logits of the tokens that end the text. */
  readonly endBias: number;
  /** All logits are multiplied by this, which leaves their order: the greater, the surer. */
  readonly certainty: number;
}

/** The standard deviation of logits is 1.28 times this. */
const SPREAD = 2;

/** What bytes and control tokens are less likely than text by. */
const BYTE_BIAS = -6;
const CONTROL_BIAS = -30;
/**
 * Logits as a fixed, irregular function of *all* tokens before them: one wrong token, stale cell or skipped position in
 * a cache, and every later row is another one.
 */
export class FakeLaw {
  readonly #seed: number;
  readonly #drift: number;
  readonly #certainty: number;
  readonly #contents: Int32Array;
  readonly #biases: Float64Array;

  constructor({ vocabulary, seed, drift, endBias, certainty }: FakeLawOptions) {
    const tokens = Array.from({ length: vocabulary.size }, (_, token) => token);
    const bias = { byte: BYTE_BIAS, control: CONTROL_BIAS, unknown: CONTROL_BIAS } as Record<string, number>;
    this.#seed = seed;
    this.#drift = drift;
    this.#certainty = certainty;
    this.#contents = Int32Array.from(tokens, (token) => {
      const salt = token < FAKE.firstByte ? token + 1 : vocabulary.kind(token) === 'byte' ? 0x100 : 0x200;
      return vocabulary.bytes(token, true).reduce((hash, byte) => mix(hash ^ (byte + 1)), salt);
    });
    this.#biases = Float64Array.from(tokens, (token) =>
      vocabulary.isEndOfGeneration(token) ? endBias : (bias[vocabulary.kind(token)] ?? 0),
    );
  }

  /** The state after one more token; the state of no token is 0. */
  follow(state: number, token: Token): number {
    return mix(Math.imul(state, 0x2c1b3c6d) ^ this.#contents[token]!);
  }

  /** Writes the logits after a prefix into `row`. */
  write(state: number, row: Row): void {
    const drifts = unit(mix(state ^ 0x5bd1e995)) < this.#drift;
    const key = mix(state ^ Math.imul(this.#seed + (drifts ? 0x10000 : 0), 0x27d4eb2f));
    for (let token = 0; token < row.length; token++) {
      const u = unit(mix(key ^ this.#contents[token]!));
      row[token] = this.#certainty * (SPREAD * -Math.log(-Math.log(u)) + this.#biases[token]!);
    }
  }
}

/** Finaliser with low bias (C. Wellons, lowbias32). */
export function mix(x: number): number {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return h ^ (h >>> 15);
}

/** Strictly between 0 and 1. */
function unit(x: number): number {
  return ((x >>> 0) + 0.5) / 2 ** 32;
}
