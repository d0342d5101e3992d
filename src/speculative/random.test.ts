import { describe, expect, it } from 'vitest';
import { type Distribution, drawBy } from './distribution.js';
import { drawShared, type Noise, positionNoise, sequentialRandom } from './random.js';
import { chiSquareDeviate, tally } from './testing/chi-square.js';

const CELLS = 8;
const SAMPLES = 40_000;

const uniformLaw = new Map(Array.from({ length: CELLS }, (_, cell) => [`${cell}`, 1 / CELLS]));
const pairLaw = new Map(
  Array.from({ length: CELLS * CELLS }, (_, cell) => [`${Math.floor(cell / CELLS)} ${cell % CELLS}`, CELLS ** -2]),
);
const cellOf = (u: number) => Math.floor(u * CELLS);

/** How far `u(0)`, `u(1)`, ... are from uniform. */
function unevenness(u: (i: number) => number): number {
  return chiSquareDeviate(tally(Array.from({ length: SAMPLES }, (_, i) => cellOf(u(i)))), uniformLaw);
}

/** How far the pairs are from uniform and independent. */
function dependence(first: (i: number) => number, second: (i: number) => number): number {
  const pairs = Array.from({ length: SAMPLES }, (_, i) => `${cellOf(first(i))} ${cellOf(second(i))}`);
  return chiSquareDeviate(tally(pairs), pairLaw);
}

/** The uniform number under the exponential one. */
const uniformOf = (noise: Noise, position: number, token: number) => Math.exp(-noise.exponential(position, token));

const SEEDS = [0, 1, 2 ** 32, 20_260_101, Number.MAX_SAFE_INTEGER];

describe.each(SEEDS)('the noise of seed %d', (seed) => {
  const noise = positionNoise(seed);

  it('is uniform over positions, over tokens and in both lanes', () => {
    expect(unevenness((i) => uniformOf(noise, i, 7))).toBeLessThan(4);
    expect(unevenness((i) => uniformOf(noise, 7, i))).toBeLessThan(4);
    expect(unevenness((i) => noise.uniform(i, 'token'))).toBeLessThan(4);
    expect(unevenness((i) => noise.uniform(i, 'xtc'))).toBeLessThan(4);
  });

  it.each([1, 2, 256, 65_536])('is independent between positions and between tokens %d apart', (apart) => {
    const positions = dependence(
      (i) => uniformOf(noise, i, 7),
      (i) => uniformOf(noise, i + apart, 7),
    );
    const tokens = dependence(
      (i) => uniformOf(noise, 7, i),
      (i) => uniformOf(noise, 7, i + apart),
    );
    const diagonal = dependence(
      (i) => uniformOf(noise, i, i + apart),
      (i) => uniformOf(noise, i + apart, i),
    );
    expect(Math.max(positions, tokens, diagonal)).toBeLessThan(4);
  });

  it('is independent between lanes', () => {
    const lanes = dependence(
      (i) => noise.uniform(i, 'token'),
      (i) => noise.uniform(i, 'xtc'),
    );
    const race = dependence(
      (i) => uniformOf(noise, i, 7),
      (i) => noise.uniform(i, 'xtc'),
    );
    expect(Math.max(lanes, race)).toBeLessThan(4);
  });
});

describe('the noise of different seeds', () => {
  it.each([1, 2, 2 ** 31, 2 ** 32, 2 ** 52])('is independent where seeds are %d apart', (apart) => {
    const [one, other] = [positionNoise(5), positionNoise(5 + apart)];
    const positions = dependence(
      (i) => uniformOf(one, i, 7),
      (i) => uniformOf(other, i, 7),
    );
    const tokens = dependence(
      (i) => uniformOf(one, 7, i),
      (i) => uniformOf(other, 7, i),
    );
    expect(Math.max(positions, tokens)).toBeLessThan(4);
  });

  it('is uniform at one position and token over seeds that follow one another, below and above 2^32', () => {
    expect(unevenness((i) => uniformOf(positionNoise(i), 7, 7))).toBeLessThan(4);
    expect(unevenness((i) => uniformOf(positionNoise(i * 2 ** 32), 7, 7))).toBeLessThan(4);
  });
});

describe('positionNoise', () => {
  it('does not depend on what was asked before', () => {
    const [noise, fresh] = [positionNoise(42), positionNoise(42)];
    for (let i = 0; i < 50; i++) noise.exponential(i % 7, i % 5);
    expect(noise.exponential(3, 2)).toBe(fresh.exponential(3, 2));
    expect(noise.uniform(3, 'xtc')).toBe(fresh.uniform(3, 'xtc'));
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53])('refuses the seed %d', (seed) => {
    expect(() => positionNoise(seed)).toThrow(RangeError);
  });

  // A text belongs to its seed for good: whoever has to change these numbers breaks every text that somebody kept.
  it('gives these numbers in every release', () => {
    const golden = [
      [0, 0, 0],
      [42, 17, 128_255],
      [2 ** 32 + 42, 17, 128_255],
      [Number.MAX_SAFE_INTEGER, 131_071, 3],
    ] as const;
    const got = golden.map(([seed, position, token]) => {
      const noise = positionNoise(seed);
      return [noise.exponential(position, token), noise.uniform(position, 'token'), noise.uniform(position, 'xtc')];
    });
    expect(got).toEqual([
      [1.9219449503028632, 0.17072155422846247, 0.6738860504899632],
      [0.9013148341596062, 0.8862136852601586, 0.4755688439959197],
      [0.14444857973849767, 0.20133979625763498, 0.253415347241842],
      [0.0011534222902030683, 0.1997949306041492, 0.5599978011733849],
    ]);
  });
});

const law: Distribution = { ids: [9, 2, 5], probabilities: [0.5, 0.3, 0.2] };
const named = new Map(Array.from(law.ids, (id, i) => [`${id}`, law.probabilities[i]!]));

describe('drawShared', () => {
  it('draws from the law, over positions and over seeds', () => {
    const noise = positionNoise(3);
    const overPositions = Array.from({ length: SAMPLES }, (_, i) => drawShared(law, noise, i));
    const overSeeds = Array.from({ length: SAMPLES }, (_, i) => drawShared(law, positionNoise(i), 12));
    expect(chiSquareDeviate(tally(overPositions), named)).toBeLessThan(4);
    expect(chiSquareDeviate(tally(overSeeds), named)).toBeLessThan(4);
  });

  it('draws the same whatever the order of the list', () => {
    const noise = positionNoise(3);
    const turned = { ids: [5, 9, 2], probabilities: [0.2, 0.5, 0.3] };
    for (let i = 0; i < 200; i++) expect(drawShared(turned, noise, i)).toBe(drawShared(law, noise, i));
  });

  it('makes two laws agree at least as often as (1 - TV) / (1 + TV)', () => {
    const noise = positionNoise(3);
    const other = { ids: [9, 2, 5], probabilities: [0.3, 0.3, 0.4] };
    let equal = 0;
    for (let i = 0; i < SAMPLES; i++) equal += Number(drawShared(law, noise, i) === drawShared(other, noise, i));
    expect(equal / SAMPLES).toBeGreaterThan((1 - 0.2) / (1 + 0.2));
  });
});

describe('sequentialRandom', () => {
  it.each(SEEDS)('is uniform and independent of its last numbers for seed %d', (seed) => {
    const random = sequentialRandom(seed);
    const drawn = Array.from({ length: SAMPLES + 2 }, random);
    expect(unevenness((i) => drawn[i]!)).toBeLessThan(4);
    for (const apart of [1, 2]) {
      const lag = dependence(
        (i) => drawn[i]!,
        (i) => drawn[i + apart]!,
      );
      expect(lag).toBeLessThan(4);
    }
  });

  it('tells seeds apart that differ only above 2^32', () => {
    expect(sequentialRandom(5)()).not.toBe(sequentialRandom(5 + 2 ** 32)());
  });

  it('draws from a law by inverse transform', () => {
    const random = sequentialRandom(8);
    const drawn = Array.from({ length: SAMPLES }, () => drawBy(law, random()));
    expect(chiSquareDeviate(tally(drawn), named)).toBeLessThan(4);
  });
});
