/**
 * The text is the target's whoever drafts: lookup, a given text, one draft model, one that another drafts for, all of them
 * in a cascade; and every drafter has its share where it should.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DrafterKind, Engine, GenerationRequest } from '../../src/engine/index.js';
import { type Answer, answer, outcome } from './testing/answer.js';
import { DRAFT, DRAFT_F16, loadPair } from './testing/pair.js';

const chat = (content: string): GenerationRequest['prompt'] => ({ messages: [{ role: 'user', content }] });
const SENTENCE = 'The old man walked down to the river, and the river ran past the mill, and the mill was still.';

const PROMPTS: Readonly<Record<string, GenerationRequest['prompt']>> = {
  counting: chat('Count from 1 to 60.'),
  copying: { text: `${SENTENCE}\n${SENTENCE}\n` },
  tale: { text: 'Once upon a time' },
};
const CHOICES: Readonly<Record<string, Pick<GenerationRequest, 'seed' | 'sampling'>>> = {
  greedy: { sampling: { temperature: 0 } },
  'seed 4 at temperature 0.9': { seed: 4, sampling: { temperature: 0.9 } },
};
const DRAFTERS: Readonly<Record<string, readonly DrafterKind[]>> = {
  lookup: ['lookup'],
  prediction: ['prediction'],
  models: ['model'],
  'all of them': ['model', 'lookup', 'prediction'],
};

const REQUESTS: readonly (readonly [string, GenerationRequest])[] = Object.entries(PROMPTS).flatMap(([name, prompt]) =>
  Object.entries(CHOICES).map(
    ([choice, options]) =>
      [`${name}, ${choice}`, { prompt, maxTokens: 96, ignoreEndOfText: true, ...options }] as const,
  ),
);

let plain: Engine;
beforeAll(async () => {
  plain = await loadPair({ drafts: [], strict: true });
});
afterAll(() => plain.close());

describe.each([
  ['one draft model', [DRAFT]],
  ['two draft models, of which one drafts for the other', [DRAFT_F16, DRAFT]],
] as const)('with %s', (_, drafts) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await loadPair({ drafts, strict: true });
  });
  afterAll(() => engine.close());

  it.each(REQUESTS)('%s: every drafter writes the text of main', async (_, request) => {
    const main = await answer(plain, { ...request, mode: 'main' });
    for (const drafters of Object.values(DRAFTERS)) {
      const drafted = await answer(engine, { ...request, prediction: main.finish.text, draft: { drafters } });
      expect(outcome(drafted)).toEqual(outcome(main));
    }
  });
});

/** Tokens of the drafts by who proposed them. */
function sourcesOf({ rounds }: Answer): Set<string> {
  return new Set(rounds.flatMap(({ draft }) => draft.sources ?? []));
}

it('a text that the caller predicts is drafted from the prediction', async () => {
  const request = { prompt: PROMPTS.tale!, maxTokens: 96, ignoreEndOfText: true, sampling: { temperature: 0 } };
  const { finish } = await answer(plain, { ...request, mode: 'main' });
  const drafted = await answer(plain, {
    ...request,
    prediction: finish.text,
    draft: { drafters: ['prediction'], min: 8, max: 8 },
  });
  expect(drafted.finish.text).toBe(finish.text);
  expect(drafted.finish.statistics.acceptanceRate).toBeGreaterThan(0.9);
});

it('without any draft model the text is looked up', async () => {
  const request = { prompt: PROMPTS.copying!, maxTokens: 96, ignoreEndOfText: true, sampling: { temperature: 0 } };
  const drafted = await answer(plain, { ...request, draft: { min: 4, max: 4 } });
  expect(drafted.start.mode).toBe('speculative');
  expect(drafted.finish.statistics.accepted).toBeGreaterThan(8);
  expect([...sourcesOf(await answer(plain, request))].every((source) => source === 'lookup')).toBe(true);
});

it('rules that draw by coins change from request to request, `auto` among them', async () => {
  const engine = await loadPair({});
  try {
    const request = { prompt: PROMPTS.tale!, maxTokens: 64, ignoreEndOfText: true, sampling: { temperature: 1 } };
    const [first, second] = [await answer(engine, request), await answer(engine, request)];
    expect(first.start.verification).toBe('auto');
    expect(first.finish.text).not.toBe(second.finish.text);
  } finally {
    await engine.close();
  }
});
