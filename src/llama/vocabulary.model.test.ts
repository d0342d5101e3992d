import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LlamaBackend, type LlamaModel, openBackend } from './index.js';
import type { LlamaVocabulary } from './vocabulary.js';

let backend: LlamaBackend;
let model: LlamaModel;
let vocabulary: LlamaVocabulary;
beforeAll(async () => {
  backend = await openBackend();
  model = await backend.loadModel('models/draft-q8_0.gguf', { placement: { on: 'cpu' } });
  vocabulary = model.vocabulary;
});
afterAll(() => backend.close());

const PLAIN = { addSpecial: false, parseSpecial: false };

function textOf(tokens: readonly number[], renderSpecial = false): string {
  return Buffer.concat(tokens.map((token) => vocabulary.bytes(token, renderSpecial))).toString();
}

describe('tokenize', () => {
  test('any text comes back from its tokens', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        expect(textOf(vocabulary.tokenize(text, PLAIN))).toBe(text);
      }),
    );
  });

  test('a NUL is text like any other', () => {
    expect(textOf(vocabulary.tokenize('a\0b', PLAIN))).toBe('a\0b');
    expect(textOf(vocabulary.tokenize('\0', PLAIN))).toBe('\0');
  });

  test('an empty text has no tokens, or the special ones only', () => {
    expect(vocabulary.tokenize('', PLAIN)).toEqual([]);
    expect(vocabulary.tokenize('', { addSpecial: true, parseSpecial: true })).toEqual([vocabulary.special.bos]);
  });

  test('half a surrogate pair becomes the replacement character', () => {
    expect(textOf(vocabulary.tokenize('a\ud800b', PLAIN))).toBe('a\ufffdb');
  });

  test('a long text', () => {
    const text = 'The quick brown fox. '.repeat(20_000);
    expect(textOf(vocabulary.tokenize(text, PLAIN))).toBe(text);
  });

  test('special tokens only when they are to be parsed', () => {
    const text = '<|user|>\nHi<|end|>';
    const parsed = vocabulary.tokenize(text, { addSpecial: false, parseSpecial: true });
    expect(vocabulary.kind(parsed[0]!)).toBe('control');
    expect(textOf(parsed)).not.toContain('<|user|>');
    expect(textOf(parsed, true)).toContain('<|user|>');
    const plain = vocabulary.tokenize(text, PLAIN);
    expect(plain.every((token) => vocabulary.kind(token) !== 'control')).toBe(true);
    expect(textOf(plain)).toBe(text);
  });
});

describe('tokens', () => {
  test('special roles are tokens or undefined', () => {
    expect(vocabulary).toMatchObject({ size: 4096, type: 'spm', addsBos: true, addsEos: false });
    expect(vocabulary.special).toMatchObject({ bos: 1, eos: 2, pad: undefined, fim_pre: undefined });
  });

  test('kinds', () => {
    expect(vocabulary.kind(0)).toBe('unknown');
    expect(vocabulary.kind(1)).toBe('control');
    const [byte] = vocabulary.tokenize('\0', PLAIN).slice(-1);
    expect(vocabulary.kind(byte!)).toBe('byte');
    expect(vocabulary.text(byte!)).toBe('<0x00>');
    expect([...vocabulary.bytes(byte!, false)]).toEqual([0]);
    expect(vocabulary.kind(4000)).toBe('normal');
  });

  test('ends of the generation', () => {
    expect(vocabulary.isEndOfGeneration(vocabulary.special.eos!)).toBe(true);
    expect(vocabulary.isEndOfGeneration(vocabulary.special.eot!)).toBe(true);
    expect(vocabulary.isEndOfGeneration(4000)).toBe(false);
  });

  test('bytes are read once', () => {
    expect(vocabulary.bytes(4000, false)).toBe(vocabulary.bytes(4000, false));
  });

  test.each([-1, 4096, 0.5, Number.NaN, 2 ** 40])('%d is no token', (token) => {
    for (const read of [
      () => vocabulary.bytes(token, true),
      () => vocabulary.text(token),
      () => vocabulary.kind(token),
      () => vocabulary.isEndOfGeneration(token),
    ]) {
      expect(read).toThrow(/expected 0\.\.4095/);
    }
  });
});
