import fc from 'fast-check';
import { expect, test } from 'vitest';
import { products } from './align.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const parts = (...texts: readonly (readonly [text: string, weight: number])[]) =>
  texts.map(([text, weight]) => ({ bytes: bytes(text), weight }));

test('a piece has the weight of its part, or of all the parts that it consists of', () => {
  expect(products([bytes('an'), bytes('other')], parts(['an', 0.5], ['ot', 0.5], ['her', 0.25]))).toEqual([0.5, 0.125]);
});

test('a piece over whose edge a part reaches has none, and neither has one beyond the parts', () => {
  expect(
    products(['a', 'nother', ' day', '<end>'].map(bytes), parts(['an', 0.5], ['other', 1], [' day', 0.25])),
  ).toEqual([undefined, undefined, 0.25, undefined]);
});

test('where both are cut alike, each piece has its own weight, control tokens without bytes aside', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.double({ min: 0, max: 1, noNaN: true }))),
      (texts) => {
        const known = parts(...texts);
        expect(
          products(
            known.map((part) => part.bytes),
            known,
          ),
        ).toEqual(known.map(({ weight }) => weight));
      },
    ),
  );
});

test('cut in any two ways, known products stand for exactly the bytes of their pieces', () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(cuts, cuts, (one, other) => {
      const pieces = one.map((length) => new Uint8Array(length));
      // A weight of 2 to the power of the length: a product tells how many bytes it stands for.
      const found = products(
        pieces,
        other.map((length) => ({ bytes: new Uint8Array(length), weight: 2 ** length })),
      );
      found.forEach((product, i) => {
        if (product !== undefined) expect(product).toBe(2 ** one[i]!);
      });
      const edges = (lengths: readonly number[]) =>
        lengths.map((_, i) => lengths.slice(0, i + 1).reduce((a, b) => a + b));
      const shared = new Set([0, ...edges(other)]);
      const ends = edges(one);
      expect(found.map((product) => product !== undefined)).toEqual(
        one.map((length, i) => shared.has(ends[i]! - length) && shared.has(ends[i]!)),
      );
    }),
  );
});
