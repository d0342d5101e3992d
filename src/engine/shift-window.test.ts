import fc from 'fast-check';
import { expect, it } from 'vitest';
import { positionNoise } from '../speculative/index.js';
import { TextWindow } from './shift-window.js';

const sizes = fc
  .record({ capacity: fc.integer({ min: 8, max: 60 }), kept: fc.nat(60), prompt: fc.nat(60) })
  .map(({ capacity, kept, prompt }) => ({
    ...{ capacity, keep: Math.min(kept, capacity - 4) },
    prompt: Array.from({ length: Math.min(prompt, capacity - 2) + 1 }, (_, i) => i),
  }));

it('holds the beginning that stays and the end of the text, and knows where a position stands', () => {
  fc.assert(
    fc.property(sizes, fc.nat(200), ({ capacity, keep, prompt }, more) => {
      const window = new TextWindow(prompt, { capacity, keep });
      // Token and position are the same here.
      for (let token = prompt.length; token < prompt.length + more; token++) {
        if (window.room === 0) {
          const { length, context } = window;
          const before = [...context];
          window.slide();
          expect(window.length).toBe(length);
          expect(context.slice(0, keep)).toEqual(before.slice(0, keep));
          expect(context.slice(keep)).toEqual(before.slice(-(context.length - keep)));
          expect(window.room).toBe(Math.ceil((capacity - keep) / 2));
        }
        window.context.push(token);
      }
      expect(window.length).toBe(prompt.length + more);
      expect(window.context.length + window.room).toBe(capacity);
      window.context.forEach((token, place) => {
        const held = place >= Math.max(1, window.dropped === 0 ? 1 : keep);
        if (held) expect(window.placeOf(token)).toBe(place);
      });
      for (const position of [window.dropped, window.length]) expect(window.placeOf(position)).toBeUndefined();
      if (window.dropped > 0) expect(window.placeOf(window.dropped + Math.max(1, keep) - 1)).toBeUndefined();
    }),
    { seed: 1 },
  );
});

it('has noise by the position of the text', () => {
  const noise = positionNoise(3);
  const window = new TextWindow([1, 2, 3, 4, 5, 6, 7, 8], { capacity: 8, keep: 2 });
  const inWindow = window.noise(noise);
  expect(inWindow.exponential(8, 5)).toBe(noise.exponential(8, 5));
  window.slide();
  expect(window.dropped).toBe(3);
  expect(inWindow.exponential(5, 5)).toBe(noise.exponential(8, 5));
  expect(inWindow.uniform(6, 'xtc')).toBe(noise.uniform(9, 'xtc'));
});
