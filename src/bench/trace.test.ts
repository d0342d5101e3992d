import { describe, expect, test } from 'vitest';
import type { Sequence, Token } from '../speculative/index.js';
import { affordableLength, traceOf } from './trace.js';

/** Says at each position, as its likeliest token, the last token plus one; rows are one-hot over ten tokens. */
class Successor implements Sequence {
  readonly capacity = 100;
  readonly seen: Token[] = [];
  readonly #turn: number;
  /** @param turn from there it begins at 0 again */
  constructor(turn = Number.POSITIVE_INFINITY) {
    this.#turn = turn;
  }
  get length(): number {
    return this.seen.length;
  }
  async evaluate<T>(tokens: readonly Token[], rows: number, read: (rows: readonly Float32Array[]) => T): Promise<T> {
    this.seen.push(...tokens);
    return read(
      tokens
        .slice(-rows)
        .map((token) => Float32Array.from({ length: 10 }, (_, i) => Number(i === (token + 1) % this.#turn))),
    );
  }
  rewind(length: number): void {
    this.seen.length = length;
  }
  close(): void {}
}

const NO_NOISE = { exponential: () => 1, uniform: () => 0.5 };
/** Believes one-hot rows at 0.8. */
function drawing() {
  let history: Token[] = [];
  return {
    noise: NO_NOISE,
    sampler: (start: readonly Token[]) => {
      history = [...start];
      return {
        get length() {
          return history.length;
        },
        law: (row: Float32Array) => ({ ids: [row.indexOf(1), 9], probabilities: [0.8, 0.2] }),
        push: (token: Token) => void history.push(token),
        rewind: (length: number) => {
          history.length = length;
        },
      };
    },
  };
}

const TEXT = { prompt: [7, 1], tokens: [2, 3, 4, 7, 1, 2] };
const tracing = () => ({
  name: 'model',
  sequence: new Successor(),
  drawing: drawing(),
  length: 3,
  isNoise: () => false,
  signal: undefined,
});

describe('a trace', () => {
  test('has what the model drafts on alone from each position, and how much of it came', async () => {
    const { promptTokens, drafts } = await traceOf(TEXT, [tracing()]);
    expect(promptTokens).toBe(2);
    const model = drafts.map((at) => at.find(({ drafter }) => drafter === 'model'));
    expect(model[0]).toBeUndefined();
    expect(model.slice(1).map((draft) => draft!.matched)).toEqual([2, 1, 0, 0, 1]);
    for (const draft of model.slice(1)) expect(draft!.confidences).toEqual([0.8, 0.8, 0.8]);
  });

  test('goes on where a draft was cut while all of it came, as far as drafts go', async () => {
    const counted = { prompt: [7, 1], tokens: [2, 3, 4, 5, 6] };
    const { drafts } = await traceOf(counted, [{ ...tracing(), length: 2 }]);
    const model = drafts.slice(1).map((at) => at[1]!);
    expect(model.map(({ matched }) => matched)).toEqual([4, 3, 2, 1]);
    expect(model.map(({ confidences }) => confidences.length)).toEqual([4, 4, 2, 2]);
    const long = { prompt: [7, 1], tokens: Array.from({ length: 30 }, (_, i) => i % 10) };
    const turning = { ...tracing(), length: 2, sequence: new Successor(10) };
    const [, , , fourth] = (await traceOf(long, [turning])).drafts;
    expect(fourth![1]).toMatchObject({ matched: 16 });
    expect(fourth![1]!.confidences).toHaveLength(16);
  });

  test('does not go on into noise', async () => {
    const counted = { prompt: [7, 1], tokens: [2, 3, 4, 5, 6] };
    const { drafts } = await traceOf(counted, [{ ...tracing(), length: 2, isNoise: (position) => position >= 5 }]);
    expect(drafts[1]![1]).toMatchObject({ drafter: 'model', matched: 2 });
  });

  test('leaves the model with the text alone', async () => {
    const model = tracing();
    await traceOf(TEXT, [model]);
    expect(model.sequence.seen).toEqual([7, 1, 2, 3, 4, 7, 1]);
  });

  test('has what stood behind the last tokens before', async () => {
    const { drafts } = await traceOf(TEXT, []);
    // Behind "7 1", at the end, came 2, which comes again.
    expect(drafts[5]![0]).toMatchObject({ drafter: 'lookup', matched: 1 });
    expect(drafts.slice(1, 4).every(([lookup]) => lookup!.confidences.length === 0)).toBe(true);
  });

  test('knows noise as a drafter of its own that is never right', async () => {
    const { drafts } = await traceOf(TEXT, [{ ...tracing(), isNoise: (position) => position >= 4 }]);
    const model = drafts.slice(1).map((at) => at[1]!);
    expect(model.map(({ drafter }) => drafter)).toEqual(['model', ...Array(4).fill('model as noise')]);
    expect(model[4]!.matched).toBe(0);
  });
});

test('drafts are as long as the budget allows, between 2 and 16', () => {
  expect([1000, 10, 1].map((budget) => affordableLength(10, 0.1, budget))).toEqual([16, 10, 2]);
});
