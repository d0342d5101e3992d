import { describe, expect, it } from 'vitest';
import { PassWatch } from './pass-watch.js';

const pass = (number: number, allowedMs: number, rows = 5) => ({ number, rows, allowedMs });
const looks = (watch: PassWatch, count: number, ...passes: Parameters<PassWatch['look']>[0]) =>
  Array.from({ length: count }, () => watch.look(passes)).findIndex((complaint) => complaint !== undefined);

describe('a watch over passes', () => {
  it('complains once a pass takes longer than any may, and longer than such passes do', () => {
    expect(looks(new PassWatch({ tickMs: 100, leastMs: 1000 }), 50, pass(1, 400))).toBe(11);
    expect(looks(new PassWatch({ tickMs: 100, leastMs: 1000 }), 50, pass(1, 3000))).toBe(31);
  });

  it('does not take many passes for one', () => {
    const watch = new PassWatch({ tickMs: 100, leastMs: 1000 });
    for (let number = 0; number < 20; number++) expect(looks(watch, 10, pass(number, 0))).toBe(-1);
  });

  it('begins anew behind a moment without a pass', () => {
    const watch = new PassWatch({ tickMs: 100, leastMs: 1000 });
    expect(looks(watch, 10, pass(1, 0))).toBe(-1);
    watch.look([undefined]);
    expect(looks(watch, 10, pass(1, 0))).toBe(-1);
  });

  it('tells models apart that have the same number of passes', () => {
    const watch = new PassWatch({ tickMs: 100, leastMs: 1000 });
    for (let number = 0; number < 20; number++)
      expect(watch.look([undefined, pass(7, 1e6), pass(number, 0)])).toBe(undefined);
  });

  it('says what hangs', () => {
    const complaint = (rows: number) => {
      const watch = new PassWatch({ tickMs: 1000, leastMs: 1000 });
      return [1, 2, 3].map(() => watch.look([pass(1, 0, rows)])).at(-1);
    };
    expect(complaint(1)).toBe('a pass of 1 row did not end within 1 s');
    expect(complaint(0)).toBe('saving or restoring a chat did not end within 1 s');
  });
});
