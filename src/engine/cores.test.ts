import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cores } from './cores.js';

/** Whether the cores were given by now. */
async function given(taken: Promise<void>): Promise<boolean> {
  return Promise.race([taken.then(() => true), Promise.resolve().then(() => false)]);
}

describe('Cores', () => {
  it('gives what is free at once, and the rest when enough come back', async () => {
    const cores = new Cores(4);
    await cores.take(3);
    const waiting = cores.take(2);
    expect(await given(waiting)).toBe(false);
    cores.give(3);
    await waiting;
  });

  it('serves in order: few threads do not overtake many', async () => {
    const cores = new Cores(4);
    await cores.take(3);
    const many = cores.take(4);
    const few = cores.take(1);
    expect([await given(many), await given(few)]).toEqual([false, false]);
    cores.give(3);
    await many;
    expect(await given(few)).toBe(false);
    cores.give(4);
    await few;
  });

  it('gives all to whoever has more threads than there are cores', async () => {
    const cores = new Cores(2);
    await cores.take(9);
    const next = cores.take(1);
    expect(await given(next)).toBe(false);
    cores.give(9);
    await next;
  });

  it('never gives more than there are, and everybody gets theirs in order', async () => {
    const wishes = fc.array(fc.record({ threads: fc.integer({ min: 1, max: 6 }), passes: fc.nat(4) }), {
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), wishes, async (total, all) => {
        const cores = new Cores(total);
        const order: number[] = [];
        let busy = 0;
        const work = all.map(async ({ threads, passes }, i) => {
          await cores.take(threads);
          order.push(i);
          busy += Math.min(threads, total);
          expect(busy).toBeLessThanOrEqual(total);
          for (let pass = 0; pass < passes; pass++) await Promise.resolve();
          busy -= Math.min(threads, total);
          cores.give(threads);
        });
        await Promise.all(work);
        expect(order).toEqual(all.map((_, i) => i));
        await cores.take(total);
      }),
      { seed: 1 },
    );
  });
});
