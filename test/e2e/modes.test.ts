/** Modes, verification rules, draft lengths, and what every round and every sum of counts must hold to. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Engine, GenerationRequest, RoundEvent, VerificationRule } from '../../src/engine/index.js';
import type { Origin, Sequence, Token } from '../../src/speculative/index.js';
import { type Answer, answer, BY_CONFIDENCE, forced, outcome } from './testing/answer.js';
import { heldOut } from './testing/heldout.js';
import { DRAFT, loadPair } from './testing/pair.js';

const COUNT = { prompt: { messages: [{ role: 'user', content: 'Count from 1 to 40.' }] } };
const TALE = { prompt: { text: 'Once upon a time' }, maxTokens: 60, ignoreEndOfText: true };

/** Here the draft model is right about half of the time. */
const PROSE = { ...TALE, prompt: heldOut(1, 'prose')[0]!.prompt };

let engine: Engine;
let four: Engine;
beforeAll(async () => {
  engine = await loadPair({ strict: true });
  four = await loadPair({ strict: true, parallel: 4 });
});
afterAll(async () => {
  await engine.close();
  await four.close();
});

/** The identities of the design's vocabulary, which hold for every answer however it ended. */
function expectCounted({ finish, rounds, start }: Answer): void {
  const { statistics, completionTokens, tokens } = finish;
  const { drafted, accepted, rejected, discarded, recovered, bonus, plain, perPosition } = statistics;
  expect(drafted).toBe(accepted + rejected + discarded);
  expect(statistics.rounds).toBe(recovered + bonus + plain);
  expect(statistics.rounds).toBe(rounds.length);
  expect(rejected).toBe(recovered);
  expect(completionTokens).toBe(tokens.length);
  const written = rounds.flatMap((round) => round.tokens);
  expect(tokens).toEqual(written.slice(0, completionTokens));
  // An end token within a draft cuts what was accepted behind it, a stop string what was written.
  const cut = accepted + recovered + bonus + plain - completionTokens;
  expect(cut).toBeGreaterThanOrEqual(0);
  if (finish.reason === 'length') expect(cut).toBe(0);
  expect(Math.max(0, ...rounds.map(({ draft }) => draft.tokens.length))).toBeLessThanOrEqual(start.draftMax);
  const total = (count: 'judged' | 'accepted'): number => perPosition.reduce((sum, place) => sum + place[count], 0);
  expect([total('judged'), total('accepted')]).toEqual([accepted + rejected, accepted]);
}

describe('modes', () => {
  it('speculative drafts, main does not, and both write one text', async () => {
    for (const seeded of [{ sampling: { temperature: 0 } }, { seed: 12 }]) {
      const speculative = await answer(engine, { ...BY_CONFIDENCE, ...COUNT, ...seeded });
      const main = await answer(engine, { ...BY_CONFIDENCE, ...COUNT, ...seeded, mode: 'main' });
      expect(speculative.start.mode).toBe('speculative');
      expect(speculative.finish.statistics.accepted).toBeGreaterThan(20);
      expect(main.start).toMatchObject({ mode: 'main', draftMax: 0 });
      expect(main.finish.statistics).toMatchObject({ drafted: 0, plain: main.finish.completionTokens });
      expect(outcome(speculative)).toEqual(outcome(main));
    }
  });

  it('draft writes what the draft model writes as a target', async () => {
    const small = await loadPair({ target: DRAFT, drafts: [] });
    for (const seeded of [{ sampling: { temperature: 0 } }, { seed: 12 }]) {
      const request = { ...TALE, maxTokens: 24, ...seeded };
      const asDraft = await answer(engine, { ...request, mode: 'draft' });
      expect(asDraft.start.mode).toBe('draft');
      expect(outcome(asDraft)).toEqual(outcome(await answer(small, request)));
      expect(asDraft.finish.text).not.toBe((await answer(engine, request)).finish.text);
    }
    await small.close();
  });
});

describe('counts', () => {
  it.each<[string, GenerationRequest]>([
    ['a text that ends by itself', { ...COUNT, ...BY_CONFIDENCE, sampling: { temperature: 0 } }],
    ['a text that a limit ends', { ...TALE, ...BY_CONFIDENCE }],
    ['a text that a stop string ends', { ...COUNT, ...forced(16), stop: ['17'], sampling: { temperature: 0 } }],
    ['forced drafts', { ...TALE, ...forced(7) }],
    ['adaptive drafts', TALE],
    ['no drafts', { ...TALE, mode: 'main' }],
    ['the draft model alone', { ...TALE, mode: 'draft' }],
    ['rejection', { ...TALE, ...BY_CONFIDENCE, verification: 'rejection', sampling: { temperature: 1 } }],
    ['block', { ...TALE, ...forced(4), verification: 'block', sampling: { temperature: 1 } }],
  ])('of %s add up', async (_, request) => {
    expectCounted(await answer(engine, request));
  });
});

describe('verification by rejection', () => {
  it.each(['rejection', 'block'] as const)('%s drafts, accepts and writes to the limit', async (verification) => {
    const request = { ...PROSE, ...forced(4), verification, sampling: { temperature: 1 } };
    const { start, finish } = await answer(engine, request);
    expect(start.verification).toBe(verification);
    expect(finish).toMatchObject({ completionTokens: 60, reason: 'length' });
    expect(finish.statistics.accepted).toBeGreaterThan(0);
    expect(finish.statistics.rejected).toBeGreaterThan(0);
  });

  it.each<[VerificationRule, Pick<GenerationRequest, 'seed' | 'sampling'>, RegExp]>([
    ['rejection', { seed: 1 }, /seed/],
    ['block', { seed: 0 }, /seed/],
    ['block', { sampling: { mirostat: 'v2' } }, /mirostat/],
  ])('%s with %o is refused', async (verification, fields, message) => {
    await expect(answer(engine, { ...TALE, verification, ...fields })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(message),
      details: { parameter: 'verification' },
    });
  });

  it('match repeats the text of a seed, another seed gives another', async () => {
    const [first, again, other] = [7, 7, 8].map((seed) => answer(four, { ...TALE, ...BY_CONFIDENCE, seed }));
    expect(outcome(await again!)).toEqual(outcome(await first!));
    expect((await other!).finish.text).not.toBe((await first!).finish.text);
  });
});

describe('draft lengths at the edges', () => {
  it.each<[string, NonNullable<GenerationRequest['draft']>, number]>([
    ['0', { max: 0 }, 0],
    ['1', { max: 1, min: 1 }, 1],
    ['the most that fits', { max: 47, min: 47 }, 47],
    ['a thousand million', { max: 1e9 }, 47],
    ['at least 20, without a most', { min: 20 }, 20],
    ['nothing said', {}, 16],
  ])('%s: the text of main, alone and four at once', async (_, draft, draftMax) => {
    const request = { ...COUNT, draft, maxTokens: 60, sampling: { temperature: 0 } };
    const expected = outcome(await answer(engine, { ...request, mode: 'main' }));
    const answers = await Promise.all([engine, four, four, four, four].map((one) => answer(one, request)));
    for (const one of answers) {
      expect(outcome(one)).toEqual(expected);
      expect(one.start.draftMax).toBe(draftMax);
      expect(one.start.notes).toHaveLength(draft.max === 1e9 ? 1 : 0);
      if (draft.min) expect(one.finish.statistics.accepted).toBeGreaterThan(0);
    }
  });

  it.each([
    [{ min: 8, max: 3 }, 'draft.min'],
    [{ max: -1 }, 'draft.max'],
    [{ max: 2.5 }, 'draft.max'],
    [{ minConfidence: 1.5 }, 'draft.minConfidence'],
    [{ minConfidence: Number.NaN }, 'draft.minConfidence'],
  ])('%o is refused by name', async (draft, parameter) => {
    await expect(answer(engine, { ...COUNT, draft })).rejects.toMatchObject({
      code: 'invalid_argument',
      details: { parameter },
    });
  });
});

describe('after every round', () => {
  afterEach(() => vi.restoreAllMocks());

  it.each<[string, Partial<GenerationRequest>, readonly Origin[]]>([
    ['match', { ...forced(3), sampling: { temperature: 0 } }, ['recovered', 'bonus']],
    ['match by confidence', { ...BY_CONFIDENCE, sampling: { temperature: 0 } }, ['recovered', 'bonus', 'plain']],
    ['block', { ...forced(2), verification: 'block', sampling: { temperature: 1 } }, ['recovered', 'bonus']],
    ['plain', { mode: 'main' }, ['plain']],
  ])('%s: the target holds the context without its last token, the draft no more', async (_, fields, origins) => {
    const { target, draft } = engine.models;
    const opened = [vi.spyOn(target.batcher, 'open'), vi.spyOn(draft!.batcher, 'open')] as const;
    const promptLength = engine.tokenize(PROSE.prompt).tokens.length;
    const written: Token[] = [];
    const seen = new Set<Origin>();
    for await (const event of engine.generate({ ...PROSE, ...fields })) {
      if (event.type !== 'round') continue;
      const [targetSequence, draftSequence] = opened.map(({ mock }) => mock.results[0]?.value as Sequence | undefined);
      expectContiguous(event, promptLength + written.length);
      written.push(...event.tokens);
      seen.add(event.origin);
      expect(targetSequence!.length).toBe(promptLength + written.length - 1);
      if (draftSequence) expect(draftSequence.length).toBeLessThan(promptLength + written.length);
    }
    expect([...seen]).toEqual(expect.arrayContaining([...origins]));
    expect(written).toHaveLength(PROSE.maxTokens);
  });
});

/** A round begins where the last one ended, and its tokens are the accepted ones and the target's own. */
function expectContiguous({ position, draft, accepted, next, tokens }: RoundEvent, contextLength: number): void {
  expect(position).toBe(contextLength);
  expect(tokens).toEqual([...draft.tokens.slice(0, accepted), next]);
}
