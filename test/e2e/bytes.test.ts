/** Bytes that never become a character (llama.cpp PR#14937, llama.cpp#11738). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, GenerationRequest } from '../../src/engine/index.js';
import type { Token } from '../../src/speculative/index.js';
import { answer, forced } from './testing/answer.js';
import { loadPair } from './testing/pair.js';

let engine: Engine;
beforeAll(async () => {
  engine = await loadPair();
});
afterAll(() => engine.close());

/** The byte token of one byte. */
function byteToken(byte: number): Token {
  const { vocabulary } = engine.models.target.model;
  for (let token = 0; token < vocabulary.size; token++) {
    if (vocabulary.kind(token) === 'byte' && vocabulary.bytes(token, false)[0] === byte) return token;
  }
  throw new Error(`the vocabulary has no token of byte ${byte}`);
}

/** Nothing but this byte can be drawn: logits stay within some 30. */
function only(byte: number): Pick<GenerationRequest, 'sampling'> {
  return { sampling: { temperature: 0, logitBias: new Map([[byteToken(byte), 100]]) } };
}

const PROMPT = { text: 'Once upon a time' };

describe.each([
  ['plain', { mode: 'main' }],
  ['by forced drafts', forced(8)],
] as const)('%s', (_, how) => {
  it.each([
    [0xf0, 1],
    [0xf0, 2],
    [0xf0, 3],
    [0xf0, 5],
    [0xe2, 1],
    [0x80, 2],
  ])('byte %i, %i times: one U+FFFD for each, all tokens counted', async (byte, maxTokens) => {
    const { finish } = await answer(engine, { ...how, ...only(byte), prompt: PROMPT, maxTokens });
    expect(finish).toMatchObject({
      text: '\uFFFD'.repeat(maxTokens),
      tokens: Array(maxTokens).fill(byteToken(byte)),
      completionTokens: maxTokens,
      reason: 'length',
    });
  });

  it('the last byte of a character that the prompt began is a stray byte', async () => {
    const { tokens } = engine.tokenize(PROMPT);
    const prompt = { tokens: [...tokens, ...[0xf0, 0x9f, 0x98].map(byteToken)] };
    const { finish } = await answer(engine, { ...how, ...only(0x80), prompt, maxTokens: 1 });
    expect(finish).toMatchObject({ text: '\uFFFD', tokens: [byteToken(0x80)], reason: 'length' });
  });

  it('a character of several bytes comes whole or, cut by the limit, as one U+FFFD', async () => {
    const prompt = { text: '<|user|>\nRepeat this sentence: 🚀<|end|>\n<|assistant|>\n' };
    const whole = await answer(engine, { ...how, prompt, sampling: { temperature: 0 } });
    expect(whole.finish.text).toContain('🚀');
    for (let maxTokens = 1; maxTokens <= whole.finish.tokens.length; maxTokens++) {
      const { finish, pieces } = await answer(engine, { ...how, prompt, maxTokens, sampling: { temperature: 0 } });
      expect(whole.finish.text.startsWith(finish.text.replace(/\uFFFD$/, ''))).toBe(true);
      expect(pieces.some(({ text }) => /\p{Surrogate}/u.test(text))).toBe(false);
    }
  });
});
