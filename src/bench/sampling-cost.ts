import type { Random, Row } from '../speculative/index.js';

/** Two ways to draw a token from a row of logits, to be timed against each other. */
export interface SamplingContest {
  readonly label: string;
  readonly vocabularySize: number;
  readonly ours: (row: Row) => unknown;
  readonly native: {
    /** Copies a row into llama.cpp's array of candidates. */
    readonly fill: (row: Row) => unknown;
    /** Runs llama.cpp's chain over that array. */
    readonly run: () => unknown;
  };
}

/** Medians in milliseconds a row. */
export interface SamplingCost {
  readonly label: string;
  readonly vocabularySize: number;
  readonly ours: number;
  /**
   * The least that llama_sampler_sample's filling of the candidates can take: a plain copy of so many bytes. (Filling from
   * JavaScript takes some five times longer and is not counted.)
   */
  readonly nativeFill: number;
  readonly nativeChain: number;
  /** Ours over fill and chain, below 1 where ours is faster. */
  readonly ratio: number;
  /** Ours over the chain alone, which flatters llama.cpp. */
  readonly ratioToChain: number;
}

export interface SamplingMeasurement {
  /** Rows are made with it. */
  readonly random: Random;
  /** How often each contender is timed on each contest. */
  readonly rounds: number;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
}

/** Bytes of a llama_token_data. */
const CANDIDATE_BYTES = 12;
/** Rows that take turns, so that no contender learns one by heart. */
const ROWS = 8;

/** Times both contenders in turns, in one process, so that whatever else the machine does hits both. */
export function measureSampling(contest: SamplingContest, { random, rounds, now }: SamplingMeasurement): SamplingCost {
  const { label, vocabularySize, ours, native } = contest;
  const rows = Array.from({ length: ROWS }, () => modelLikeRow(random, vocabularySize));
  const timed = (work: () => unknown): number => {
    const began = now();
    work();
    return now() - began;
  };
  const candidates = new Uint8Array(CANDIDATE_BYTES * vocabularySize).fill(1);
  const copy = new Uint8Array(candidates.length);
  const times = { ours: [] as number[], fill: [] as number[], chain: [] as number[] };
  // The first quarter is for the compiler to warm up on.
  for (let round = -Math.ceil(rounds / 4); round < rounds; round++) {
    const row = rows[(round + rounds) % ROWS]!;
    native.fill(row);
    const taken = { ours: timed(() => ours(row)), fill: timed(() => copy.set(candidates)), chain: timed(native.run) };
    if (round < 0) continue;
    times.ours.push(taken.ours);
    times.fill.push(taken.fill);
    times.chain.push(taken.chain);
  }
  const [mine, nativeFill, nativeChain] = [median(times.ours), median(times.fill), median(times.chain)];
  const ratio = mine / (nativeFill + nativeChain);
  return { label, vocabularySize, ours: mine, nativeFill, nativeChain, ratio, ratioToChain: mine / nativeChain };
}

/** Logits as models produce them: normal noise with a dozen peaks. */
export function modelLikeRow(random: Random, size: number): Row {
  const row = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    row[i] = 2.5 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  }
  for (let peak = 0; peak < 12; peak++) row[Math.floor(random() * size)] = 12 + 8 * random();
  return row;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
