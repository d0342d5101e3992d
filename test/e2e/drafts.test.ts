/**
 * The text is the target's whatever is drafted: by which draft model, how many tokens at a time, with which samplers.
 * Penalties that counted rejected drafts, or only some of a block's tokens, would show here (vmlx-swift PR#361,
 * sglang PR#33643).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, GenerationRequest } from '../../src/engine/index.js';
import type { SamplingOptions } from '../../src/sampling/index.js';
import { answer, forced, outcome } from './testing/answer.js';
import { DRAFT, loadPair, MAIN } from './testing/pair.js';
import { Variants } from './testing/variants.js';

const PENALTIES: Readonly<Record<string, Partial<SamplingOptions>>> = {
  'no penalty': {},
  'repeat penalty': { repeatPenalty: 1.3 },
  'presence penalty': { presencePenalty: 1 },
  'frequency penalty': { frequencyPenalty: 0.7 },
  DRY: { dryMultiplier: 0.8, dryAllowedLength: 1, drySequenceBreakers: ['"'] },
  'all penalties': { repeatPenalty: 1.1, presencePenalty: 0.3, frequencyPenalty: 0.3, dryMultiplier: 0.8 },
};
/** Fewer tokens than are generated, so that some leave the penalties' window. */
const WINDOW = { penaltyRange: 24, dryRange: 24 };

const CHOICES: Readonly<Record<string, Pick<GenerationRequest, 'seed' | 'sampling'>>> = {
  greedy: { sampling: { temperature: 0 } },
  'seed 3 at temperature 0.9': { seed: 3, sampling: { temperature: 0.9 } },
};

const TALE = { prompt: { text: 'Once upon a time' }, maxTokens: 48, ignoreEndOfText: true };

/** Every choice with every penalty. */
const REQUESTS: readonly (readonly [string, GenerationRequest])[] = Object.entries(CHOICES).flatMap(
  ([choice, { sampling, ...rest }]) =>
    Object.entries(PENALTIES).map(
      ([penalty, options]) =>
        [`${choice}, ${penalty}`, { ...TALE, ...rest, sampling: { ...WINDOW, ...options, ...sampling } }] as const,
    ),
);

let variants: Variants;
/** The target without any draft model: what all others have to write. */
let plain: Engine;
beforeAll(async () => {
  variants = await Variants.create();
  plain = await loadPair({ drafts: [], strict: true });
});
afterAll(async () => {
  await plain.close();
  await variants.remove();
});

describe.each([
  ['the embedded draft', async () => DRAFT, [1, 3, 8, 16], [0.3, 0.95]],
  ['a draft of random weights', () => variants.withRandomWeights(DRAFT, 'random.gguf'), [1, 8], [0, 0.1]],
  ['the target as its own draft', async () => MAIN, [1, 3, 8, 16], [0.95, 1]],
] as const)('with %s', (_, path, lengths, [least, most]) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await loadPair({ drafts: [await path()], strict: true });
  });
  afterAll(() => engine.close());

  it.each(REQUESTS)('%s: forced drafts write the text of main', async (_, request) => {
    const expected = outcome(await answer(plain, request));
    for (const length of lengths) {
      const drafted = await answer(engine, { ...request, ...forced(length) });
      expect(outcome(drafted)).toEqual(expected);
      expect(drafted.rounds.some(({ draft }) => draft.tokens.length === length)).toBe(true);
    }
    expect(outcome(await answer(engine, { ...request, mode: 'main' }))).toEqual(expected);
  });

  it('drafts of any length, free and forced, write the text of main', async () => {
    const request = { ...TALE, sampling: { temperature: 0 } };
    const expected = outcome(await answer(plain, request));
    for (const max of [0, 1, 3, 8, 16, 63]) {
      for (const draft of [{ max }, { max, min: max }]) {
        const drafted = await answer(engine, { ...request, draft });
        expect(outcome(drafted)).toEqual(expected);
        // A strict pass has 48 rows at most, fewer where the row class asks for multiples.
        expect(drafted.start.draftMax).toBe(Math.min(max, 47));
        expect(drafted.start.notes).toHaveLength(max > 47 ? 1 : 0);
        expect(Math.max(...drafted.rounds.map((round) => round.draft.tokens.length))).toBeLessThanOrEqual(max);
      }
    }
  });

  it('is accepted as often as it should be', async () => {
    const { finish } = await answer(engine, { ...TALE, maxTokens: 64, sampling: { temperature: 0 }, ...forced(3) });
    expect(finish.statistics.acceptanceRate).toBeGreaterThanOrEqual(least);
    expect(finish.statistics.acceptanceRate).toBeLessThanOrEqual(most);
  });

  it('a presence penalty of 100 over everything lets no token come twice', async () => {
    const sampling = { temperature: 0, presencePenalty: 100, penaltyRange: 'all' } as const;
    for (const length of [3, 16]) {
      const { finish } = await answer(engine, { ...TALE, maxTokens: 100, sampling, ...forced(length) });
      expect(new Set(finish.tokens).size).toBe(100);
    }
  });
});
