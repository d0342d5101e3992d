import type { Distribution, Token } from './distribution.js';

/** A source of numbers in [0, 1). */
export type Random = () => number;

/** What a position's noise is drawn for: the race of its tokens, or the coin that XTC throws. */
export type Lane = 'token' | 'xtc';

/**
 * Noise that depends on seed and position alone, never on how many numbers were drawn before. So a text with a seed is
 * the same with and without speculation, whatever the drafter, and after a restart (algorithms.md 1.3).
 */
export interface Noise {
  /**
   * Standard exponential noise, -ln U, of a token at a position; its negative logarithm is the standard Gumbel noise.
   * Kept in this form since argmax(ln p + gumbel) = argmin(exponential / p) needs one logarithm a token and not three.
   */
  exponential(position: number, token: Token): number;
  /** A uniform number in (0, 1) of a position, independent between lanes. */
  uniform(position: number, lane: Lane): number;
}

const LANES: Record<Lane, number> = { token: 0x3c6ef372, xtc: 0x1b873593 };
const TWO_32 = 2 ** 32;

/** Finaliser with low bias: every input bit flips every output bit with probability near 1/2 (C. Wellons, lowbias32). */
function mix(x: number): number {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return h ^ (h >>> 15);
}

/** 52 bits of two words as a number strictly between 0 and 1; with 53 the largest would round to 1. */
function unit(high: number, low: number): number {
  return ((high >>> 6) * 2 ** 26 + (low >>> 6) + 0.5) / 2 ** 52;
}

/**
 * The noise of a seed, a safe integer >= 0; all 53 bits of it count.
 * @throws RangeError for any other seed
 */
export function positionNoise(seed: number): Noise {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`seed: expected an integer from 0 to ${Number.MAX_SAFE_INTEGER}, got ${seed}`);
  }
  const low = mix(seed % TWO_32);
  const high = mix(Math.floor(seed / TWO_32) ^ 0x9e3779b9);
  const key = (position: number, lane: number, salt: number): number =>
    mix(mix(mix(low ^ salt) ^ high ^ lane) ^ Math.imul(position + 1, 0x85ebca6b));

  // A draw asks for some 40 tokens of one position: its two keys are made once.
  let known = Number.NaN;
  let first = 0;
  let second = 0;
  return {
    exponential(position, token) {
      if (position !== known) {
        known = position;
        first = key(position, LANES.token, 0x68bc21eb);
        second = key(position, LANES.token, 0x02e5be93);
      }
      const word = Math.imul(token + 1, 0xcc9e2d51);
      return -Math.log(unit(mix(first ^ word), mix(second ^ word)));
    },
    uniform(position, lane) {
      return unit(key(position, LANES[lane], 0x68bc21eb), key(position, LANES[lane], 0x02e5be93));
    },
  };
}

/**
 * Draws from a law with the noise of a position: the exponential race, which is the Gumbel-max trick (Daliri, Musco,
 * Suresh 2408.07978). Two laws that race on the same noise mostly agree: P(equal) >= (1 - TV) / (1 + TV).
 */
export function drawShared(law: Distribution, noise: Noise, position: number): Token {
  let winner = law.ids[0]!;
  if (law.ids.length === 1) return winner;
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < law.ids.length; i++) {
    const time = noise.exponential(position, law.ids[i]!) / law.probabilities[i]!;
    if (time < best) {
      best = time;
      winner = law.ids[i]!;
    }
  }
  return winner;
}

/** A sequential generator (sfc32, C. Doty-Humphrey) for draws that need not be repeatable by position. */
export function sequentialRandom(seed: number): Random {
  let a = mix(seed % TWO_32);
  let b = mix(Math.floor(seed / TWO_32) ^ 0x9e3779b9);
  let c = 0x6a09e667;
  let counter = 1;
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return t;
  };
  for (let i = 0; i < 12; i++) next();
  return () => unit(next(), next());
}
