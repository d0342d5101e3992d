import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSplitName, parseSplitName } from './split-name.js';

describe('split names', () => {
  it('read back what they write, whatever the prefix', () => {
    const number = fc.integer({ min: 1, max: 99_999 });
    fc.assert(
      fc.property(fc.string(), number, number, (prefix, a, b) => {
        const name = { prefix, part: Math.min(a, b), parts: Math.max(a, b) };
        expect(parseSplitName(formatSplitName(name))).toEqual(name);
      }),
    );
  });

  it('are written with five digits', () => {
    expect(formatSplitName({ prefix: '/m/t', part: 2, parts: 12 })).toBe('/m/t-00002-of-00012.gguf');
  });

  it.each(['t.gguf', 't-1-of-2.gguf', 't-00000-of-00002.gguf', 't-00003-of-00002.gguf', 't-00001-of-00002.bin'])(
    'do not include %s',
    (name) => {
      expect(parseSplitName(name)).toBeUndefined();
    },
  );
});
