import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { Row } from '../speculative/index.js';
import { Batcher } from './batcher.js';
import { Cores } from './cores.js';
import { StateStore } from './state-store.js';
import { batcherOf, copyRows, expectRows, Gate, openSequence, someTokens } from './testing/batcher.js';
import { FakeModel, fakeContext } from './testing/fake-backend.js';

describe('a pass', () => {
  it('evaluates what a sequence lacks and lends the last rows', async () => {
    const { model, context } = await fakeContext();
    const sequence = openSequence(batcherOf(context));
    const tokens = someTokens(10);
    expectRows(await sequence.evaluate(tokens.slice(0, 7), 2, copyRows), model, tokens.slice(0, 7));
    expectRows(await sequence.evaluate(tokens.slice(7), 3, copyRows), model, tokens);
    expect(context.passes.map(({ rows, outputs }) => [rows, outputs])).toEqual([
      [7, 2],
      [3, 3],
    ]);
  });

  it('can be had without rows', async () => {
    const { context } = await fakeContext();
    const sequence = openSequence(batcherOf(context));
    expect(await sequence.evaluate(someTokens(5), 0, (rows) => rows.length)).toBe(0);
    expect(sequence.length).toBe(5);
  });

  it('serves all sequences that ask in one turn of the event loop, in the order of their ids', async () => {
    const { model, context } = await fakeContext();
    const batcher = batcherOf(context);
    const sequences = [0, 1, 2].map(() => openSequence(batcher));
    const answers = [2, 0, 1].map(async (i) => {
      // Some are quicker than others, and some want more than others.
      for (let step = 0; step < 10 * i; step++) await Promise.resolve();
      const tokens = someTokens(3 - i, i);
      expectRows(await sequences[i]!.evaluate(tokens, 1, copyRows), model, tokens);
    });
    await Promise.all(answers);
    expect(context.passes.map(({ parts }) => parts)).toEqual([
      [0, 1, 2].map((i) => ({ sequence: i, position: 0, rows: 3 - i })),
    ]);
  });

  it('leaves the next one to those who come while it runs', async () => {
    const gate = new Gate();
    const { model, context } = await fakeContext({}, new FakeModel({ elsewhere: gate.elsewhere }));
    const batcher = batcherOf(context);
    const [a, b] = [openSequence(batcher), openSequence(batcher)];
    const first = a.evaluate(someTokens(3), 1, copyRows);
    await gate.reached;
    const second = b.evaluate(someTokens(4, 1), 1, copyRows);
    gate.open();
    expectRows(await second, model, someTokens(4, 1));
    expectRows(await first, model, someTokens(3));
  });

  it('waits for the event loop where the last ones ran in place, and not where one ran elsewhere', async () => {
    for (const where of ['in place', 'elsewhere'] as const) {
      let ms = 0;
      const elsewhere = () => {
        ms += 10;
        return where === 'elsewhere' ? turn() : undefined;
      };
      const { context } = await fakeContext({}, new FakeModel({ elsewhere }));
      const rest = { rowClass: { kind: 'free' }, store: new StateStore(0) } as const;
      const sequence = openSequence(new Batcher({ context, cores: new Cores(8), now: () => ms, ...rest }));
      await sequence.evaluate(someTokens(3), 1, copyRows);
      let passesInTurn = 0;
      setImmediate(() => {
        passesInTurn = context.passes.length;
      });
      await sequence.evaluate(someTokens(1), 1, copyRows);
      await turn();
      expect(passesInTurn).toBe(where === 'in place' ? 1 : 2);
    }
  });

  it('holds as many rows with logits as the context has room for; the others come next', async () => {
    const { model, context } = await fakeContext({ outputs: 8 });
    const batcher = batcherOf(context);
    const sequences = [0, 1, 2].map(() => openSequence(batcher));
    await Promise.all(
      sequences.map(async (sequence, i) => {
        expectRows(await sequence.evaluate(someTokens(4, i), 4, copyRows), model, someTokens(4, i));
      }),
    );
    expect(context.passes.map(({ outputs }) => outputs)).toEqual([8, 4]);
  });

  it('takes as many cores as it has threads', async () => {
    const { context } = await fakeContext({ threads: 2 }, new FakeModel({ elsewhere: () => turn() }));
    const cores = new Cores(2);
    const sequence = openSequence(
      new Batcher({ context, cores, rowClass: { kind: 'free' }, now: () => 0, store: new StateStore(0) }),
    );
    await cores.take(1);
    const evaluated = sequence.evaluate(someTokens(1), 1, copyRows);
    await turn();
    expect(context.passes).toHaveLength(0);
    cores.give(1);
    await evaluated;
    await cores.take(2);
  });
});

describe('a long prompt', () => {
  it('is cut into chunks, with logits in the last one only, and tells how far it is', async () => {
    const { model, context } = await fakeContext({ batch: 64 });
    const onProgress = vi.fn();
    const tokens = someTokens(150);
    const rows = await openSequence(batcherOf(context), { onProgress }).evaluate(tokens, 3, copyRows);
    expectRows(rows, model, tokens);
    expect(context.passes.map(({ rows, outputs }) => [rows, outputs])).toEqual([
      [64, 0],
      [64, 0],
      [22, 3],
    ]);
    expect(onProgress.mock.calls).toEqual([
      [64, 150, 0],
      [128, 150, 0],
    ]);
  });

  it('keeps the wanted rows together in its last chunk', async () => {
    const { model, context } = await fakeContext({ batch: 64 });
    const tokens = someTokens(66);
    expectRows(await openSequence(batcherOf(context)).evaluate(tokens, 10, copyRows), model, tokens);
    expect(context.passes.map(({ rows }) => rows)).toEqual([56, 10]);
  });

  it('fills what a verification leaves free, and never keeps one waiting', async () => {
    const { context } = await fakeContext({ batch: 64 });
    const batcher = batcherOf(context);
    const [writer, reader] = [openSequence(batcher), openSequence(batcher)];
    const prompt = reader.evaluate(someTokens(200), 1, () => undefined);
    for (let round = 0; round < 3; round++) await writer.evaluate(someTokens(9), 9, () => undefined);
    await prompt;
    expect(context.passes.map(({ parts }) => parts.map(({ rows }) => rows))).toEqual([[9, 55], [9, 55], [9, 55], [35]]);
  });
});

describe('several long prompts', () => {
  it('end one after the other, the shortest first, and not all as late as the last', async () => {
    const { context } = await fakeContext({ batch: 100 });
    const batcher = batcherOf(context);
    const ends: [string, number][] = [];
    const read = async (name: string, length: number): Promise<void> => {
      await openSequence(batcher).evaluate(someTokens(length), 1, () => undefined);
      ends.push([name, context.passes.length]);
    };
    await Promise.all([read('first', 400), read('second', 400), read('short', 150), read('third', 400)]);
    expect(ends).toEqual([
      ['short', 2],
      ['first', 6],
      ['second', 10],
      ['third', 14],
    ]);
  });

  it('each get their turn however many shorter ones come', async () => {
    const { context } = await fakeContext({ batch: 100 });
    const batcher = batcherOf(context);
    let isRead = false;
    const long = openSequence(batcher)
      .evaluate(someTokens(300), 1, () => undefined)
      .then(() => {
        isRead = true;
      });
    const other = openSequence(batcher);
    for (let i = 0; i < 200 && !isRead; i++) {
      await other.evaluate(someTokens(100), 1, () => undefined);
      other.rewind(0);
    }
    await long;
    expect(context.passes.length).toBeLessThan(60);
  });
});

describe('under overload', () => {
  /** Evaluates again and again until `done`; returns how often. */
  async function keepBusy(evaluate: () => Promise<unknown>, done: Promise<unknown>): Promise<number> {
    let over = false;
    void done.then(() => {
      over = true;
    });
    let count = 0;
    for (; !over && count < 100; count++) await evaluate();
    return count;
  }

  it('a job with many rows gets its turn beside one that always comes back with few', async () => {
    const { context } = await fakeContext({ outputs: 16 });
    const batcher = batcherOf(context);
    const [few, many] = [openSequence(batcher), openSequence(batcher)];
    const wide = many.evaluate(someTokens(16), 16, () => undefined);
    expect(await keepBusy(() => few.evaluate(someTokens(1), 1, () => undefined), wide)).toBeLessThan(5);
  });

  it('a prompt goes on while short jobs fill whole passes, and they go on beside it', async () => {
    const { context } = await fakeContext({ batch: 16, outputs: 16 });
    const batcher = batcherOf(context);
    const writers = [0, 1].map(() => openSequence(batcher));
    const prompt = openSequence(batcher).evaluate(someTokens(64), 1, () => undefined);
    const rounds = writers.map((writer) =>
      keepBusy(() => writer.evaluate(someTokens(8), 8, () => undefined).then(() => writer.rewind(0)), prompt),
    );
    for (const count of await Promise.all(rounds)) {
      expect(count).toBeGreaterThan(2);
      expect(count).toBeLessThan(20);
    }
  });
});

describe('the event loop', () => {
  async function turnsDuring(now: () => number): Promise<boolean> {
    const { context } = await fakeContext();
    const batcher = new Batcher({
      context,
      cores: new Cores(1),
      rowClass: { kind: 'free' },
      now,
      store: new StateStore(0),
    });
    const sequence = openSequence(batcher);
    let turned = false;
    const immediate = setImmediate(() => {
      turned = true;
    });
    for (let i = 0; i < 20; i++) await sequence.evaluate(someTokens(1), 1, () => undefined);
    clearImmediate(immediate);
    return turned;
  }

  it('gets a turn now and then while passes run in place', async () => {
    let time = 0;
    expect(await turnsDuring(() => time++)).toBe(true);
  });

  it('costs a lone sequence nothing while passes are short', async () => {
    expect(await turnsDuring(() => 0)).toBe(false);
  });
});

describe('rows', () => {
  it('are read before the next pass, whoever asks for it first', async () => {
    const { model, context } = await fakeContext();
    const batcher = batcherOf(context);
    const sequences = [0, 1].map(() => openSequence(batcher));
    const lent: Row[] = [];
    await Promise.all(
      sequences.map(async (sequence, i) => {
        const tokens = someTokens(3, i);
        const rows = await sequence.evaluate(tokens, 1, (seen) => {
          lent.push(...seen);
          return copyRows(seen);
        });
        expectRows(rows, model, tokens);
        await sequence.evaluate(someTokens(1), 0, () => undefined);
      }),
    );
    expect(lent.every((row) => row.every(Number.isNaN))).toBe(true);
  });

  it('that a reader throws at leave everything as it was, and the others alone', async () => {
    const { model, context } = await fakeContext();
    const batcher = batcherOf(context);
    const [a, b] = [openSequence(batcher), openSequence(batcher)];
    await a.evaluate(someTokens(3), 0, () => undefined);
    const failing = a.evaluate(someTokens(2, 1), 1, () => {
      throw new Error('the reader failed');
    });
    const other = b.evaluate(someTokens(4, 2), 1, copyRows);
    await expect(failing).rejects.toThrow('the reader failed');
    expectRows(await other, model, someTokens(4, 2));
    expect(a.length).toBe(3);
    expectRows(await a.evaluate(someTokens(2, 3), 2, copyRows), model, [...someTokens(3), ...someTokens(2, 3)]);
  });

  it('cannot be more than a pass has', async () => {
    const { context } = await fakeContext({ outputs: 8 });
    const sequence = openSequence(batcherOf(context));
    await expect(sequence.evaluate(someTokens(9), 9, copyRows)).rejects.toThrow(RangeError);
    expect(sequence.length).toBe(0);
    await sequence.evaluate(someTokens(9), 8, copyRows);
  });
});

describe('sequences', () => {
  it('come back clean after a close, with the ids of those before them', async () => {
    const { model, context } = await fakeContext({ sequences: 1 });
    const batcher = batcherOf(context);
    const first = openSequence(batcher);
    await first.evaluate(someTokens(5), 1, () => undefined);
    first.close();
    const second = openSequence(batcher);
    expect(second.id).toBe(first.id);
    expectRows(await second.evaluate(someTokens(2, 1), 2, copyRows), model, someTokens(2, 1));
  });

  it('are as many as the context has', async () => {
    const { context } = await fakeContext({ sequences: 2 });
    const batcher = batcherOf(context);
    openSequence(batcher);
    openSequence(batcher).close();
    openSequence(batcher);
    expect(() => openSequence(batcher)).toThrow('all 2 sequences');
  });

  it('may be rewound while a pass of others runs', async () => {
    const gate = new Gate();
    const kernels = { elsewhere: (pass: number) => (pass === 2 ? gate.elsewhere() : undefined) };
    const { model, context } = await fakeContext({}, new FakeModel(kernels));
    const batcher = batcherOf(context);
    const [a, b] = [openSequence(batcher), openSequence(batcher)];
    await a.evaluate(someTokens(6), 0, () => undefined);
    const theirs = b.evaluate(someTokens(2, 1), 1, copyRows);
    await gate.reached;
    a.rewind(2);
    const mine = a.evaluate(someTokens(1, 3), 1, copyRows);
    gate.open();
    expectRows(await theirs, model, someTokens(2, 1));
    expectRows(await mine, model, [...someTokens(2), ...someTokens(1, 3)]);
  });

  it('of a cache that drops no part are evaluated again after a rewind', async () => {
    const { model, context } = await fakeContext({ batch: 16 }, new FakeModel({ canTrim: false }));
    const sequence = openSequence(batcherOf(context));
    await sequence.evaluate(someTokens(20), 1, () => undefined);
    sequence.rewind(18);
    expectRows(await sequence.evaluate(someTokens(3, 1), 3, copyRows), model, [...someTokens(18), ...someTokens(3, 1)]);
    expect(context.passes.slice(2).map(({ rows }) => rows)).toEqual([16, 5]);
  });
});
