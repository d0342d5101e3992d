import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Prompt } from '../../engine/request.js';
import type { TokenizeOptions } from '../../engine/service.js';
import { OutriderError } from '../../errors.js';
import { fitPrompt } from './prompt.js';

const BEGIN = 1;
/** Characters that are tokenised at once. */
const MOST = 1000;

/** A token a character, begin-of-text where it is asked for. */
const service = {
  async tokenize(prompt: Prompt, { addSpecial }: TokenizeOptions = { addSpecial: true, parseSpecial: true }) {
    const text = 'text' in prompt ? prompt.text : '';
    if (text.length > MOST) throw new OutriderError('text_too_long', 'too long');
    return { tokens: [...(addSpecial ? [BEGIN] : []), ...[...text].map((letter) => letter.charCodeAt(0))], notes: [] };
  },
};

const fitting = async (memory: string, prompt: string, contextSize: number, maxLength: number) => {
  const fitted = await fitPrompt({ memory, prompt, contextSize, maxLength }, service);
  const tokens = 'tokens' in fitted.prompt ? fitted.prompt.tokens : [];
  return { ...fitted, text: tokens.map((token) => (token === BEGIN ? '^' : String.fromCharCode(token))).join('') };
};

describe('a prompt', () => {
  test.each<[string, string, number, number, string, number]>([
    ['', 'abcdef', 20, 5, '^abcdef', 5],
    ['M', 'abc', 20, 5, '^Mabc', 5],
    ['', 'abcdefghij', 10, 4, '^fghij', 4],
    ['MM', 'abcdefghij', 10, 4, '^MMhij', 4],
    // No more than half is kept for the answer.
    ['', 'abcdefghij', 8, 100, '^hij', 4],
    ['', 'ab', 8, 100, '^ab', 5],
    // A memory that leaves nothing for the prompt.
    ['MNOPQRST', 'ab', 8, 4, 'QRST', 4],
    ['', 'abcdefghij', 8, 0, '^efghij', 0],
  ])('of memory %j and %j in %i tokens with an answer of %i', async (memory, prompt, size, answer, text, maxTokens) => {
    expect(await fitting(memory, prompt, size, answer)).toMatchObject({ text, maxTokens });
  });

  test('of many times the context keeps begin-of-text and its end, as a memory does', async () => {
    const { text } = await fitting('', `${'x'.repeat(100_000)}the end`, 20, 5);
    expect(text).toBe('^xxxxxxxthe end');
    expect((await fitting('y'.repeat(100_000), 'z', 20, 5)).text).toBe('y'.repeat(15));
  });

  test('always leaves room, and keeps its end', async () => {
    const words = fc.string({ unit: fc.constantFrom(...'abcdef'), maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(
        words,
        words,
        fc.integer({ min: 2, max: 40 }),
        fc.nat(50),
        async (memory, prompt, size, answer) => {
          const { text, maxTokens } = await fitting(memory, prompt, size, answer);
          expect(text.length).toBeLessThan(size);
          expect(text.length + maxTokens).toBeLessThanOrEqual(size);
          expect(maxTokens).toBeGreaterThanOrEqual(Math.min(answer, Math.floor(size / 2)));
          const whole = `^${memory}${prompt}`;
          if (memory + prompt !== '' && whole.length + answer <= size && whole.length < size) expect(text).toBe(whole);
        },
      ),
    );
  });
});
