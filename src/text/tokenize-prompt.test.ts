import { describe, expect, it } from 'vitest';
import { type PromptVocabulary, tokenizePrompt } from './tokenize-prompt.js';

const BOS = 1;

/** One token a character, and `<s>` as BOS; adds one of its own as llama.cpp does, whatever the text begins with. */
function vocabulary(changes: Partial<PromptVocabulary> = {}): PromptVocabulary {
  const fake: PromptVocabulary = {
    addsBos: true,
    special: { bos: BOS },
    text: () => '<s>',
    tokenize: (text, { addSpecial, parseSpecial }) => {
      const pieces = parseSpecial ? (text.match(/<s>|./gs) ?? []) : [...text];
      const tokens = pieces.map((piece) => (piece === '<s>' ? BOS : piece.codePointAt(0)!));
      return addSpecial && fake.addsBos ? [BOS, ...tokens] : tokens;
    },
    ...changes,
  };
  return fake;
}

const A = 'A'.codePointAt(0)!;

describe('tokenizePrompt', () => {
  it.each(['A', '<s>A', '<s><s>A'])('gives %s one begin-of-text token where the vocabulary adds it', (text) => {
    expect(tokenizePrompt(text, vocabulary())).toEqual([BOS, A]);
  });

  it('leaves the text to itself where the vocabulary adds none', () => {
    expect(tokenizePrompt('<s>A', vocabulary({ addsBos: false }))).toEqual([BOS, A]);
    expect(tokenizePrompt('A', vocabulary({ addsBos: false }))).toEqual([A]);
  });

  it('takes nothing off without a begin-of-text token', () => {
    expect(tokenizePrompt('<s>', vocabulary({ special: { bos: undefined } }))).toHaveLength(2);
    expect(tokenizePrompt('A', vocabulary({ text: () => '' }))).toEqual([BOS, A]);
  });

  it('keeps such a token in the middle of the text', () => {
    expect(tokenizePrompt('A<s>A', vocabulary())).toEqual([BOS, A, BOS, A]);
  });
});
