/**
 * Pairs whose vocabularies or metadata differ. What fits token by token drafts as well as the pair it was made of; what
 * does not is refused in words (llama.cpp PR#4025, mlx-vlm PR#2112).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/index.js';
import { sequentialRandom, type Token } from '../../src/speculative/index.js';
import { type Answer, answer, BY_CONFIDENCE, outcome } from './testing/answer.js';
import { heldOut } from './testing/heldout.js';
import { DRAFT, DRAFT_F16, loadPair, MAIN } from './testing/pair.js';
import { type Place, Variants } from './testing/variants.js';

const END_OF_TURN = 6;
const SIZE = 4096;
/** Ids from here on are text; those before are control and byte tokens. */
const FIRST_TEXT = 512;
const EVERY_PLACE: readonly Place[] = Array.from({ length: SIZE }, (_, id) => id);

const CHATS = heldOut(1).filter(({ prompt }) => 'messages' in prompt);

let variants: Variants;
beforeAll(async () => {
  variants = await Variants.create();
});
afterAll(() => variants.remove());

interface Run {
  readonly outcomes: readonly ReturnType<typeof outcome>[];
  readonly acceptanceRate: number;
}

/** Greedy answers to chats of every category, and how often drafts were accepted over all of them. */
async function run(engine: Engine): Promise<Run> {
  const answers: Answer[] = [];
  for (const { prompt } of CHATS) {
    answers.push(await answer(engine, { ...BY_CONFIDENCE, prompt, maxTokens: 40, sampling: { temperature: 0 } }));
  }
  const total = (count: 'accepted' | 'rejected'): number =>
    answers.reduce((sum, { finish }) => sum + finish.statistics[count], 0);
  return {
    outcomes: answers.map(outcome),
    acceptanceRate: total('accepted') / (total('accepted') + total('rejected')),
  };
}

async function withPair<T>(target: string, draft: string, use: (engine: Engine) => Promise<T> | T): Promise<T> {
  const engine = await loadPair({ target, drafts: [draft], strict: true });
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

/** The ids of text in another order, the others in their places. */
function shuffled(): readonly Place[] {
  const places = [...EVERY_PLACE];
  const random = sequentialRandom(5);
  for (let i = SIZE - 1; i > FIRST_TEXT; i--) {
    const other = FIRST_TEXT + Math.floor(random() * (i + 1 - FIRST_TEXT));
    [places[i], places[other]] = [places[other]!, places[i]!];
  }
  return places;
}

/** Texts that are nobody's; control and byte tokens keep theirs. */
function otherTexts(token: Token, text: string): string {
  return token < FIRST_TEXT ? text : `stranger${token}`;
}

describe('a draft that differs in its metadata', () => {
  let usual: Run;
  beforeAll(async () => {
    usual = await withPair(MAIN, DRAFT, run);
    expect(usual.acceptanceRate).toBeGreaterThan(0.8);
  });

  it.each([
    [
      'adds no begin-of-text token',
      { set: { 'tokenizer.ggml.add_bos_token': { type: 'bool', value: false } } },
      { name: 'tokenizer.ggml.add_bos_token', target: 'true', draft: 'false' },
    ],
    [
      'names no end-of-turn token',
      { remove: ['tokenizer.ggml.eot_token_id'] },
      { name: 'tokenizer.ggml.eot_token_id', target: '6 <|end|>', draft: 'none' },
    ],
    [
      'takes the end of a turn for the end of text',
      { set: { 'tokenizer.ggml.eos_token_id': { type: 'uint32', value: END_OF_TURN } } },
      { name: 'tokenizer.ggml.eos_token_id', target: '2 </s>', draft: '6 <|end|>' },
    ],
  ] as const)(
    '%s: the pair fits, the difference is named, text and acceptance are the same',
    async (name, changes, difference) => {
      const draft = await variants.rewritten(DRAFT, `${name}.gguf`, changes);
      await withPair(MAIN, draft, async (engine) => {
        const { pair } = engine.models.draft!;
        expect(pair.verdict).toEqual({ fits: true });
        expect(pair.metadataDifferences).toContainEqual(difference);
        const { outcomes, acceptanceRate } = await run(engine);
        expect(outcomes).toEqual(usual.outcomes);
        expect(Math.abs(acceptanceRate - usual.acceptanceRate)).toBeLessThan(0.02);
      });
    },
  );

  it('a target that names no end-of-turn token stops there all the same', async () => {
    const target = await variants.rewritten(MAIN, 'no-eot.gguf', { remove: ['tokenizer.ggml.eot_token_id'] });
    await withPair(target, DRAFT, async (engine) => {
      const { outcomes } = await run(engine);
      expect(outcomes).toEqual(usual.outcomes);
      const stopped = outcomes.filter(({ reason }) => reason === 'stop');
      expect(stopped.length).toBeGreaterThan(5);
      for (const { tokens, text } of stopped) {
        expect(tokens.at(-1)).toBe(END_OF_TURN);
        expect(text).not.toContain('<|end|>');
      }
    });
  });
});

describe('a draft that differs in its vocabulary', () => {
  let usual: Run;
  beforeAll(async () => {
    usual = await withPair(MAIN, DRAFT_F16, run);
  });

  const padded = [...EVERY_PLACE, ...Array<Place>(128).fill('unused')];
  it.each([
    ['longer by 128 placeholders', padded, { onlyTarget: 0, onlyDraft: 0, movedTokens: 0 }, 0.001],
    // The last ones are the rarest letters.
    ['shorter by 16 tokens', EVERY_PLACE.slice(0, -16), { onlyTarget: 16, onlyDraft: 0, movedTokens: 0 }, 0.1],
    ['in another order', shuffled(), { onlyTarget: 0, onlyDraft: 0 }, 0.001],
  ] as const)('%s: it fits and still drafts', async (name, places, expected, tolerance) => {
    const draft = await variants.withVocabulary(`${name}.gguf`, places);
    await withPair(MAIN, draft, async (engine) => {
      const { pair, model } = engine.models.draft!;
      expect(model.vocabulary.size).toBe(places.length);
      const { verdict, onlyTarget, onlyDraft, movedTokens } = pair;
      expect({ verdict, onlyTarget: onlyTarget.count, onlyDraft: onlyDraft.count, movedTokens }).toMatchObject({
        verdict: { fits: true },
        ...expected,
      });
      const { outcomes, acceptanceRate } = await run(engine);
      expect(outcomes).toEqual(usual.outcomes);
      expect(Math.abs(acceptanceRate - usual.acceptanceRate)).toBeLessThan(tolerance);
    });
  });

  it('speaks of other things: it is refused by the tokens, or left out where that is wished', async () => {
    const draft = await variants.withTokenTexts('stranger.gguf', otherTexts);
    await expect(loadPair({ drafts: [draft] })).rejects.toMatchObject({
      code: 'vocab_mismatch',
      message: expect.stringMatching(
        /stranger as a draft for main-q8_0: .*id \d+ is ".+" in one, "stranger\d+" in the/,
      ),
    });
    const engine = await loadPair({ drafts: [draft], draftOptional: true });
    expect(engine.models.draft).toBeUndefined();
    expect(engine.models.notes.join()).toMatch(/stranger as a draft for main-q8_0: .*; going on without it/);
    const onlyModels = { drafters: ['model'] } as const;
    const { start, finish } = await answer(engine, { prompt: { text: 'Once' }, draft: onlyModels, maxTokens: 8 });
    expect(start).toMatchObject({ mode: 'speculative', notes: [] });
    expect(finish).toMatchObject({ completionTokens: 8, statistics: { drafted: 0, plain: 8 } });
    await engine.close();
  });

  it('those of several that fit are used, the largest first', async () => {
    const stranger = await variants.withTokenTexts('stranger-2.gguf', otherTexts);
    const engine = await loadPair({ drafts: [stranger, DRAFT, DRAFT_F16], draftOptional: true });
    expect(engine.models.drafts.map(({ name }) => name)).toEqual(['draft-f16', 'draft-q8_0']);
    expect(engine.models.notes.join('\n')).toMatch(/stranger-2 .*going on without it/);
    await engine.close();
  });
});
