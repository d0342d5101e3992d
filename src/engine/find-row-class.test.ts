import { describe, expect, it } from 'vitest';
import { findRowClass } from './find-row-class.js';
import { FakeModel, type FakeModelOptions, fakeContext } from './testing/fake-backend.js';
import { ROUNDING, type Rounding } from './testing/fake-rounding.js';

async function find(options: FakeModelOptions, sequences = 4) {
  const { model, context } = await fakeContext({ outputs: 64, batch: 512, sequences }, new FakeModel(options));
  return { context, found: findRowClass(context, model.vocabulary.size) };
}

describe('findRowClass', () => {
  it('finds that any batch of two rows and more will do', async () => {
    const { found } = await find({ rounding: ROUNDING.loneRows });
    expect(await found).toEqual({ kind: 'strict', multiple: 1, sequences: 'together' });
  });

  it('finds that rows are computed four at a time', async () => {
    const { found } = await find({ rounding: ROUNDING.fours });
    expect(await found).toEqual({ kind: 'strict', multiple: 4, sequences: 'together' });
  });

  it('finds a difference that few rows show', async () => {
    const seldom: Rounding = (shape) => (shape.depth % 60 === 59 ? ROUNDING.fours(shape) : 0);
    const { found } = await find({ rounding: seldom });
    expect(await found).toMatchObject({ multiple: 4 });
  });

  it('finds that others in a batch change the bits', async () => {
    const { found } = await find({ rounding: ROUNDING.neighbours });
    expect(await found).toEqual({ kind: 'strict', multiple: 1, sequences: 'alone' });
  });

  it('tries nothing with others where there is one sequence', async () => {
    const { context, found } = await find({ rounding: ROUNDING.loneRows }, 1);
    expect(await found).toEqual({ kind: 'strict', multiple: 1, sequences: 'alone' });
    expect(context.passes.every(({ parts }) => parts.length === 1)).toBe(true);
  });

  it('refuses where every count of rows has bits of its own', async () => {
    const { found } = await find({ rounding: ROUNDING.everyCount });
    await expect(found).rejects.toMatchObject({ code: 'backend_failed', message: /Leave --strict out/ });
  });

  it('refuses a cache that cannot drop its padding', async () => {
    const { found } = await find({ canTrim: false });
    await expect(found).rejects.toMatchObject({ code: 'backend_failed', message: /recurrent/ });
  });

  it('looks behind the cells at which kernels change', async () => {
    const { context, found } = await find({ rounding: ROUNDING.loneRows });
    await found;
    expect(Math.max(...context.passes.flatMap(({ parts }) => parts.map(({ position }) => position)))).toBeGreaterThan(
      600,
    );
  });

  it('makes do with a small context', async () => {
    const { context } = await fakeContext({ tokensPerSequence: 56, outputs: 16, batch: 16 });
    expect(await findRowClass(context, 300)).toEqual({ kind: 'strict', multiple: 1, sequences: 'together' });
  });

  it('leaves the context empty, also when it fails', async () => {
    for (const options of [
      {},
      { rounding: ROUNDING.everyCount },
      { fault: (pass: number) => (pass > 5 ? 'full' : undefined) } as const,
    ]) {
      const { context, found } = await find(options);
      await Promise.allSettled([found]);
      expect([0, 1, 2, 3].map((sequence) => context.lengthOf(sequence))).toEqual([0, 0, 0, 0]);
    }
  });

  it('says so when a pass fails', async () => {
    const { found } = await find({ fault: () => 'aborted' });
    await expect(found).rejects.toMatchObject({ code: 'backend_failed', message: /self-test of --strict/ });
  });
});
