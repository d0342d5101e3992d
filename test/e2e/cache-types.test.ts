/** Engines whose caches are quantised. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Engine, EngineOptions } from '../../src/engine/index.js';
import { answer, BY_CONFIDENCE, outcome } from './testing/answer.js';
import { longPrompt } from './testing/heldout.js';
import { loadPair } from './testing/pair.js';

type Types = Pick<EngineOptions, 'cacheTypeK' | 'cacheTypeV' | 'draftCacheTypeK' | 'draftCacheTypeV'>;

const Q8: Types = { cacheTypeK: 'q8_0', cacheTypeV: 'q8_0' };
const Q4: Types = { cacheTypeK: 'q4_0', cacheTypeV: 'q4_0', draftCacheTypeK: 'q5_1', draftCacheTypeV: 'iq4_nl' };

async function load(options: Partial<EngineOptions>): Promise<Engine> {
  const engine = await loadPair(options);
  onTestFinished(() => engine.close());
  return engine;
}

describe.each([
  ['q8_0', Q8],
  ['q4_0, of the draft q5_1 and iq4_nl', Q4],
] as const)('caches in %s', (_, types) => {
  it('strict: speculation writes the text of plain decoding, beyond 512 cells too', async () => {
    const engine = await load({ ...types, strict: true });
    const prompt = longPrompt(engine, 640, 4);
    const request = { ...BY_CONFIDENCE, prompt, maxTokens: 40, ignoreEndOfText: true, sampling: { temperature: 0 } };
    const plain = await answer(engine, { ...request, mode: 'main' });
    const speculative = await answer(engine, request);
    expect(outcome(speculative)).toEqual(outcome(plain));
    expect(speculative.finish.statistics.accepted).toBeGreaterThan(0);
  });

  it('come back from memory when another chat had the slot', async () => {
    const engine = await load(types);
    const chat = (text: string) => ({
      prompt: { text: text.repeat(40) },
      maxTokens: 20,
      seed: 1,
      sampling: { temperature: 0 },
    });
    const [stars, ships] = [chat('The fox counts the stars. '), chat('A ship sails out to sea. ')];
    const first = await answer(engine, stars);
    expect(first.finish.cachedTokens).toBe(0);
    await answer(engine, ships);
    const again = await answer(engine, stars);
    expect(again.finish.cachedTokens).toBe(again.finish.promptTokens - 1);
    expect(again.finish.text).toBe(first.finish.text);
  });
});

it('a draft model’s cache leaves the target’s text alone', async () => {
  const request = {
    ...BY_CONFIDENCE,
    prompt: { text: 'Once upon a time' },
    maxTokens: 60,
    sampling: { temperature: 0 },
  };
  const usual = await load({ strict: true });
  const coarse = await load({ strict: true, draftCacheTypeK: 'q4_0', draftCacheTypeV: 'q4_0' });
  const [a, b] = [await answer(usual, request), await answer(coarse, request)];
  expect(outcome(b)).toEqual(outcome(a));
  expect(b.finish.statistics.accepted).toBeGreaterThan(10);
});
