/**
 * The promise of the project on the embedded pair: speculation writes what plain decoding writes. Up to near-ties where
 * passes are as they come, bit for bit where the engine is strict. The weight types that strict decoding has to cope
 * with are in strict-weights.test.ts.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Comparison, compareModes } from '../../src/bench/equality.js';
import type { Engine, GenerationRequest } from '../../src/engine/index.js';
import { answer, BY_CONFIDENCE, forced, outcome } from './testing/answer.js';
import { heldOut, longPrompt } from './testing/heldout.js';
import { loadPair, TWO_THREADS } from './testing/pair.js';

/**
 * How far apart two tokens may be where texts part, as a share of the standard deviation of the logits. Rows of a pass
 * of one and of several differ beyond 512 cells by 0.7 % of it (root mean square, main-q8_0 with two threads), hence the
 * difference of two tokens by 1 %, and by 1.3 % after division by a temperature of 0.8. Eight times that is next to
 * impossible by rounding; a token that is wrong for another reason is off by something like 100 %.
 */
const NEAR_TIE = 0.1;

/**
 * Without truncation: at the edge of top-k, top-p or min-p a difference in the last bits lets a token in or out that is
 * no near-tie of the one drawn. Strict engines are held to the default chain.
 */
const UNTRUNCATED = { temperature: 0.8, topK: 0, topP: 1, minP: 0 };

const SETTINGS = {
  greedy: { sampling: { temperature: 0 } },
  'seed 7 at temperature 0.8': { seed: 7, sampling: UNTRUNCATED },
  'a drawn seed at temperature 0.8': { sampling: UNTRUNCATED, verification: 'match' },
} as const;

/** Two prompts of each category, and two that end beyond the 512 cells where kernels part ways. */
function requests(engine: Engine): GenerationRequest[] {
  const short = heldOut(2).map(({ prompt }) => ({ ...BY_CONFIDENCE, prompt, maxTokens: 32 }));
  const long = [0, 9].map((number) => ({
    ...BY_CONFIDENCE,
    prompt: longPrompt(engine, 640, number),
    maxTokens: 32,
    ignoreEndOfText: true,
  }));
  return [...short, ...long];
}

/** How far apart the two tokens were where the texts part; 0 for equal texts, infinite where one ended before the other. */
function marginOf({ parting }: Comparison): number {
  return parting === undefined ? 0 : (parting.relativeMargin ?? Number.POSITIVE_INFINITY);
}

describe('an engine whose passes are as they come', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await loadPair();
  });
  afterAll(() => engine.close());

  it.each(Object.keys(SETTINGS) as (keyof typeof SETTINGS)[])('%s: texts part at near-ties only', async (name) => {
    const comparisons: Comparison[] = [];
    for (const request of requests(engine)) {
      comparisons.push(await compareModes(engine, { ...request, ...SETTINGS[name] }));
    }
    expect(comparisons.filter((comparison) => marginOf(comparison) >= NEAR_TIE)).toEqual([]);
    expect(comparisons.filter(({ parting }) => parting).length).toBeLessThan(comparisons.length / 4);
    expect(comparisons.reduce((sum, { speculative }) => sum + speculative.statistics.accepted, 0)).toBeGreaterThan(250);
  });

  it('drafts of 63 tokens, in passes of 64 rows, which take other kernels: texts part at near-ties only', async () => {
    const settings = { ...forced(63), ...SETTINGS.greedy, maxTokens: 70, ignoreEndOfText: true };
    const prompts = requests(engine)
      .slice(-4)
      .map((request) => ({ ...request, ...settings }));
    const { rounds } = await answer(engine, prompts[0]!);
    expect(rounds[1]!.draft.tokens).toHaveLength(63);
    for (const request of prompts) expect(marginOf(await compareModes(engine, request))).toBeLessThan(NEAR_TIE);
  });

  it('writes another text for another seed', async () => {
    for (const { prompt } of heldOut(3, 'story')) {
      const texts = new Set<string>();
      for (const seed of [7, 8, 9]) {
        const { finish } = await answer(engine, { prompt, seed, maxTokens: 60, sampling: { temperature: 1 } });
        texts.add(finish.text);
      }
      expect(texts.size).toBe(3);
    }
  });
});

describe('a strict engine', () => {
  let alone: Engine;
  let four: Engine;
  beforeAll(async () => {
    alone = await loadPair({ ...TWO_THREADS, strict: true });
    four = await loadPair({ ...TWO_THREADS, strict: true, parallel: 4 });
  });
  afterAll(async () => {
    await alone.close();
    await four.close();
  });

  it.each([
    ['greedy', { temperature: 0 }],
    ['seed 7 at the defaults of sampling', {}],
  ])('%s: one at a time and four at once write the text of plain decoding', async (_, sampling) => {
    const all: readonly GenerationRequest[] = requests(alone).map((request) => ({ ...request, seed: 7, sampling }));
    const plain = [];
    const speculative = [];
    for (const request of all) {
      plain.push(outcome(await answer(alone, { ...request, mode: 'main' })));
      speculative.push(outcome(await answer(alone, request)));
    }
    expect(speculative).toEqual(plain);
    // Four have a place, and where one has finished the next begins: drafts, plain decoding and prompts meet in passes.
    const modes = ['speculative', 'speculative', 'main'] as const;
    const together = await Promise.all(
      all.map((request, i) => answer(four, { ...request, mode: modes[i % modes.length]! })),
    );
    expect(together.map(outcome)).toEqual(plain);
  });

  it('writes the text of an unseeded run again for the seed that it reported', async () => {
    const request = { prompt: longPrompt(alone, 640), maxTokens: 40, ignoreEndOfText: true };
    const drawn = await answer(alone, request);
    expect(drawn.start.seedOrigin).toBe('drawn');
    const { seed } = drawn.start;
    expect(outcome(await answer(alone, { ...request, seed }))).toEqual(outcome(drawn));
    expect(outcome(await answer(four, { ...request, seed, mode: 'main' }))).toEqual(outcome(drawn));
  });
});
