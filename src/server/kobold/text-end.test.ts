import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OutriderError } from '../../errors.js';
import { readEnd } from './text-end.js';

const BEGIN = -1;

/** A token a code unit, counted; `most` can be read at once. */
function reader(most = Number.POSITIVE_INFINITY) {
  const asked: string[] = [];
  const read = async (text: string, addSpecial: boolean) => {
    asked.push(text);
    if (text.length > most) throw new OutriderError('text_too_long', 'too long');
    return [...(addSpecial ? [BEGIN] : []), ...Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))];
  };
  return { asked, read };
}

const textOf = (tokens: readonly number[]) => String.fromCharCode(...tokens);

test('of a long text little more than what is wanted is read', async () => {
  const text = `${'x'.repeat(2_000_000)}the end`;
  const { asked, read } = reader();
  const { tokens, isWhole } = await readEnd(text, 100, true, read);
  expect(isWhole).toBe(false);
  expect(textOf(tokens).endsWith('the end')).toBe(true);
  expect(Math.max(...asked.map(({ length }) => length))).toBeLessThan(2000);
});

test('a short text is read once, begin-of-text included', async () => {
  const { asked, read } = reader();
  expect(await readEnd('abc', 100, true, read)).toEqual({ tokens: [BEGIN, 97, 98, 99], isWhole: true });
  expect(asked).toEqual(['abc']);
});

test('an end does not begin within a surrogate pair', async () => {
  for (const before of ['', 'x']) {
    const { asked, read } = reader();
    await readEnd('😀'.repeat(5000) + before, 50, false, read);
    expect(asked.some((end) => /^[\uDC00-\uDFFF]/.test(end))).toBe(false);
  }
});

test('ends that are refused as too long are made shorter', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 5000 }), async (wanted, length) => {
      const { read } = reader(wanted + 100);
      const text = 'y'.repeat(length);
      const { tokens } = await readEnd(text, wanted, false, read);
      expect(tokens.length).toBeGreaterThanOrEqual(Math.min(wanted, length));
      expect(text.endsWith(textOf(tokens))).toBe(true);
    }),
  );
});
