import { describe, expect, it } from 'vitest';
import type { LoadedModel } from './loaded-model.js';
import { tokenizePrompt, tokenizeWithin } from './prompt.js';
import { FakeVocabulary } from './testing/fake-vocabulary.js';

/** A vocabulary that notes how much it is asked to tokenise. */
function counted(pieces?: readonly string[]) {
  const asked: number[] = [];
  class Counting extends FakeVocabulary {
    override tokenize(...[text, options]: Parameters<FakeVocabulary['tokenize']>) {
      asked.push(text.length);
      return super.tokenize(text, options);
    }
  }
  const writer = { model: { vocabulary: new Counting(pieces) } } as unknown as Pick<LoadedModel, 'model' | 'chat'>;
  return { asked, writer };
}

describe('a text', () => {
  it('of far too many tokens is refused by its beginning', () => {
    const { asked, writer } = counted();
    expect(() => tokenizePrompt({ text: 'x'.repeat(100_000) }, writer, 16)).toThrow(
      expect.objectContaining({
        code: 'context_exceeded',
        details: { promptTokens: expect.any(Number), contextSize: 16 },
      }),
    );
    expect(Math.max(...asked)).toBeLessThan(1000);
  });

  it('of many characters and few tokens is tokenised whole', () => {
    const piece = 'a piece of thirty characters !';
    const { writer, asked } = counted([piece]);
    expect(tokenizePrompt({ text: piece.repeat(12) }, writer, 16).tokens).toHaveLength(13);
    expect(asked.at(-1)).toBe(360);
  });

  it('that is no prompt is refused by its beginning too', () => {
    const { asked, writer } = counted();
    const tokenize = (part: string) =>
      writer.model.vocabulary.tokenize(part, { addSpecial: false, parseSpecial: false });
    expect(tokenizeWithin('x'.repeat(32), 16, tokenize)).toHaveLength(32);
    expect(() => tokenizeWithin('x'.repeat(100_000), 16, tokenize)).toThrow(
      expect.objectContaining({ code: 'text_too_long', details: { most: 16 } }),
    );
    expect(Math.max(...asked)).toBeLessThan(100);
  });
});
