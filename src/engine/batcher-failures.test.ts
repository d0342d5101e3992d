import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { OutriderError } from '../errors.js';
import type { Row } from '../speculative/index.js';
import { batcherOf, copyRows, expectRows, Gate, openSequence, someTokens } from './testing/batcher.js';
import { FakeModel, fakeContext } from './testing/fake-backend.js';

describe('a pass that fails', () => {
  const faults = {
    full: { fault: 'full', code: 'backend_failed' },
    aborted: { fault: 'aborted', code: 'backend_failed' },
    thrown: { fault: new OutriderError('backend_failed', 'a device is gone'), code: 'backend_failed' },
  } as const;

  for (const [name, { fault, code }] of Object.entries(faults)) {
    for (const where of ['in place', 'elsewhere']) {
      it(`(${name}, ${where}) loses its own jobs, and all go on afterwards`, async () => {
        let comeDuring = (): void => {};
        const kernels = {
          fault: (n: number) => {
            if (n !== 2) return undefined;
            comeDuring();
            return fault;
          },
          elsewhere: () => (where === 'in place' ? undefined : turn()),
        };
        const { model, context } = await fakeContext({}, new FakeModel(kernels));
        const batcher = batcherOf(context);
        const [a, b, c] = [openSequence(batcher), openSequence(batcher), openSequence(batcher)];
        await a.evaluate(someTokens(3), 1, () => undefined);
        const meanwhile = new Promise<Row[]>((resolve) => {
          comeDuring = () => resolve(c.evaluate(someTokens(4, 3), 1, copyRows));
        });
        const failing = [a.evaluate(someTokens(2, 1), 1, copyRows), b.evaluate(someTokens(2, 2), 1, copyRows)];
        for (const outcome of await Promise.allSettled(failing)) {
          expect(outcome).toMatchObject({ status: 'rejected', reason: { code } });
        }
        expectRows(await meanwhile, model, someTokens(4, 3));
        expect([a.length, b.length]).toEqual([3, 0]);
        expectRows(await a.evaluate(someTokens(2, 4), 1, copyRows), model, [...someTokens(3), ...someTokens(2, 4)]);
        expectRows(await b.evaluate(someTokens(2, 5), 1, copyRows), model, someTokens(2, 5));
      });
    }
  }

  it('in the middle of a prompt forgets what was done of it', async () => {
    const { model, context } = await fakeContext(
      { batch: 16 },
      new FakeModel({ fault: (n) => (n === 3 ? 'full' : undefined) }),
    );
    const sequence = openSequence(batcherOf(context));
    await sequence.evaluate(someTokens(4), 0, () => undefined);
    await expect(sequence.evaluate(someTokens(40, 1), 1, copyRows)).rejects.toThrow("ended with 'full'");
    expectRows(await sequence.evaluate(someTokens(1, 2), 1, copyRows), model, [...someTokens(4), ...someTokens(1, 2)]);
  });

  it('because a sequence outgrows its cells leaves the others alone', async () => {
    const { model, context } = await fakeContext({ tokensPerSequence: 8 });
    const batcher = batcherOf(context);
    const [tooLong, other] = [openSequence(batcher, { capacity: 100 }), openSequence(batcher)];
    await expect(tooLong.evaluate(someTokens(9), 1, copyRows)).rejects.toThrow("'full'");
    expectRows(await other.evaluate(someTokens(8), 1, copyRows), model, someTokens(8));
  });
});

describe('what happens to a caller', () => {
  it('whose progress report throws: only its evaluation fails', async () => {
    const { model, context } = await fakeContext({ batch: 16 });
    const batcher = batcherOf(context);
    const onProgress = (): void => {
      throw new Error('nobody listens');
    };
    const [a, b] = [openSequence(batcher, { onProgress }), openSequence(batcher)];
    const failing = a.evaluate(someTokens(40), 1, copyRows);
    const other = b.evaluate(someTokens(3), 1, copyRows);
    await expect(failing).rejects.toThrow('nobody listens');
    expectRows(await other, model, someTokens(3));
    expectRows(await a.evaluate(someTokens(5, 1), 1, copyRows), model, someTokens(5, 1));
  });

  it('who aborts a long prompt: it ends before the next chunk, the others go on', async () => {
    const { model, context } = await fakeContext({ batch: 16 });
    const batcher = batcherOf(context);
    const stop = new AbortController();
    const prompt = openSequence(batcher, { signal: stop.signal, onProgress: () => stop.abort() });
    await expect(prompt.evaluate(someTokens(100), 1, copyRows)).rejects.toMatchObject({ code: 'aborted' });
    expect(prompt.length).toBe(0);
    expect(context.passes).toHaveLength(1);
    const other = openSequence(batcher);
    expectRows(await other.evaluate(someTokens(3), 1, copyRows), model, someTokens(3));
  });

  it('who closes while its pass runs: it hears at once, and the id serves the next one after the pass', async () => {
    const gate = new Gate();
    const { model, context } = await fakeContext({ sequences: 1 }, new FakeModel({ elsewhere: gate.elsewhere }));
    const batcher = batcherOf(context);
    const closed = openSequence(batcher);
    const evaluated = closed.evaluate(someTokens(5), 1, copyRows);
    await gate.reached;
    closed.close();
    await expect(evaluated).rejects.toMatchObject({ code: 'closed' });
    const next = openSequence(batcher);
    gate.open();
    expectRows(await next.evaluate(someTokens(2, 1), 2, copyRows), model, someTokens(2, 1));
  });

  it('who closes while a failing pass runs: it hears once', async () => {
    const gate = new Gate();
    const kernels = { fault: (n: number) => (n === 1 ? ('full' as const) : undefined), elsewhere: gate.elsewhere };
    const { model, context } = await fakeContext({ sequences: 1 }, new FakeModel(kernels));
    const batcher = batcherOf(context);
    const closed = openSequence(batcher);
    const evaluated = closed.evaluate(someTokens(5), 1, copyRows);
    await gate.reached;
    closed.close();
    await expect(evaluated).rejects.toMatchObject({ code: 'closed' });
    const next = openSequence(batcher);
    gate.open();
    expectRows(await next.evaluate(someTokens(2, 1), 1, copyRows), model, someTokens(2, 1));
  });

  it('who waits for the batcher to be idle: no pass runs any more', async () => {
    const gate = new Gate();
    const { context } = await fakeContext({}, new FakeModel({ elsewhere: gate.elsewhere }));
    const batcher = batcherOf(context);
    const evaluated = openSequence(batcher).evaluate(someTokens(5), 1, copyRows);
    await gate.reached;
    gate.open();
    await batcher.idle();
    context.close();
    await evaluated;
  });

  it('who wants to know what runs: a pass is told of until it ends, however it ends', async () => {
    for (const fault of [undefined, 'full'] as const) {
      const gate = new Gate();
      const { context } = await fakeContext({}, new FakeModel({ fault: () => fault, elsewhere: gate.elsewhere }));
      const batcher = batcherOf(context);
      const evaluated = openSequence(batcher)
        .evaluate(someTokens(5), 1, copyRows)
        .catch(() => {});
      await gate.reached;
      expect(batcher.pass).toMatchObject({ number: 1, rows: 5 });
      gate.open();
      await evaluated;
      expect(batcher.pass).toBeUndefined();
    }
  });
});

describe('misuse of a sequence is refused', () => {
  it('without a trace of it', async () => {
    const { model, context } = await fakeContext();
    const sequence = openSequence(batcherOf(context), { capacity: 10 });
    await expect(sequence.evaluate([], 0, copyRows)).rejects.toThrow(RangeError);
    await expect(sequence.evaluate(someTokens(2), 3, copyRows)).rejects.toThrow(RangeError);
    await expect(sequence.evaluate(someTokens(11), 1, copyRows)).rejects.toMatchObject({ code: 'context_exceeded' });
    expect(() => sequence.rewind(1)).toThrow(RangeError);
    expect(() => sequence.rewind(-1)).toThrow(RangeError);
    const evaluated = sequence.evaluate(someTokens(10), 1, copyRows);
    const tooEarly = sequence.evaluate(someTokens(1), 1, copyRows);
    expect(() => sequence.rewind(0)).toThrow('cannot be rewound');
    await expect(tooEarly).rejects.toThrow('one batch at a time');
    expectRows(await evaluated, model, someTokens(10));
    sequence.close();
    sequence.close();
    await expect(sequence.evaluate(someTokens(1), 1, copyRows)).rejects.toMatchObject({ code: 'closed' });
  });
});
