import { describe, expect, it } from 'vitest';
import { LoadWatch } from './load-watch.js';

/** Looks until the complaint, which is the last of them. */
const looks = (watch: LoadWatch, count: number) =>
  Array.from({ length: count }, () => watch.look()).findIndex((complaint) => complaint !== undefined);

describe('a watch over a load', () => {
  it('complains once nothing was told for as long as may be', () => {
    const watch = new LoadWatch({ tickMs: 100, mostMs: 1000 });
    expect(looks(watch, 50)).toBe(10);
    expect(watch.look()).toBe('loading did not get on for 1 s');
  });

  it('leaves a load alone that gets on, however long it takes', () => {
    const watch = new LoadWatch({ tickMs: 100, mostMs: 1000 });
    for (let part = 0; part < 20; part++) {
      expect(looks(watch, 10)).toBe(-1);
      watch.progressed();
    }
    expect(looks(watch, 50)).toBe(10);
  });

  it('takes reading for progress: a mapped file is read before anything is told of it', () => {
    const watch = new LoadWatch({ tickMs: 100, mostMs: 1000 });
    for (let part = 1; part < 20; part++) {
      expect(looks(watch, 10)).toBe(-1);
      watch.hasRead(part * 2 ** 11);
    }
    expect(looks(watch, 50)).toBe(10);
  });

  it('takes no trickle for reading', () => {
    const watch = new LoadWatch({ tickMs: 100, mostMs: 1000 });
    const complaints = Array.from({ length: 20 }, (_, i) => {
      watch.hasRead(i);
      return watch.look();
    });
    expect(complaints.findIndex((complaint) => complaint !== undefined)).toBe(10);
  });

  it('lets many small reads add up', () => {
    const watch = new LoadWatch({ tickMs: 100, mostMs: 1000 });
    for (let i = 0; i < 50; i++) {
      watch.hasRead(i * 300);
      expect(watch.look()).toBe(undefined);
    }
  });
});
