import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pairsOf, sortDescending } from './sort.js';

test('sorts by descending key, equal keys as they came, and leaves what is behind the length alone', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 150 }), fc.nat(20), (keys, behind) => {
      const length = Math.max(0, keys.length - behind);
      const pairs = { ids: Int32Array.from(keys.keys()), keys: Float64Array.from(keys) };
      sortDescending(pairs, length, pairsOf(length));
      const sorted = [...keys.keys()].slice(0, length).sort((a, b) => keys[b]! - keys[a]! || a - b);
      const expected = [...sorted, ...[...keys.keys()].slice(length)];
      expect([...pairs.ids]).toEqual(expected);
      expect([...pairs.keys]).toEqual(expected.map((i) => keys[i]));
    }),
  );
});
