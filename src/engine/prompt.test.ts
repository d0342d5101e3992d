import { describe, expect, it } from 'vitest';
import type { LoadedModel } from './loaded-model.js';
import { tokenizePrompt } from './prompt.js';
import { FakeVocabulary } from './testing/fake-vocabulary.js';

/** A vocabulary that notes how much it is asked to tokenise. */
function counted() {
  const asked: number[] = [];
  class Counting extends FakeVocabulary {
    override tokenize(...[text, options]: Parameters<FakeVocabulary['tokenize']>) {
      asked.push(text.length);
      return super.tokenize(text, options);
    }
  }
  const writer = { model: { vocabulary: new Counting() } } as unknown as Pick<LoadedModel, 'model' | 'chat'>;
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
    const { writer } = counted();
    const text = ' the'.repeat(60);
    expect(tokenizePrompt({ text }, writer, 16).tokens).toEqual(tokenizePrompt({ text }, writer).tokens);
  });
});
