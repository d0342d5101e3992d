import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Row, Token } from '../speculative/index.js';
import type { CachedSequence } from './cached-sequence.js';
import { findRowClass } from './find-row-class.js';
import { paddedRows, type RowClass, STRICT_CHUNK, STRICT_ROWS } from './row-class.js';
import { batcherOf, copyRows, openSequence, sameBits, someTokens } from './testing/batcher.js';
import { FakeModel, fakeContext } from './testing/fake-backend.js';
import type { PassRecord } from './testing/fake-context.js';
import { ROUNDING, type Rounding } from './testing/fake-rounding.js';

/** A sequence's text, and how many tokens of it the rounds have right, one number a round. */
interface Request {
  readonly prompt: number;
  readonly rounds: readonly { readonly drafted: number; readonly right: number }[];
}

const round = fc.nat(12).chain((drafted) => fc.record({ drafted: fc.constant(drafted), right: fc.nat(drafted) }));
const request: fc.Arbitrary<Request> = fc.record({
  prompt: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 500, max: 530 })),
  rounds: fc.array(round, { minLength: 1, maxLength: 6 }),
});

/** Text and rounds as the loop makes them; returns the rows of the right tokens, in order. */
async function write(sequence: CachedSequence, text: readonly Token[], { prompt, rounds }: Request): Promise<Row[]> {
  const rows = await sequence.evaluate(text.slice(0, prompt), 1, copyRows);
  for (const { drafted, right } of rounds) {
    const at = sequence.length;
    const draft = text.slice(at, at + right + 1);
    const wrong = someTokens(drafted - right, 7);
    const seen = await sequence.evaluate([...draft, ...wrong], drafted + 1, copyRows);
    rows.push(...seen.slice(0, right + 1));
    sequence.rewind(at + right + 1);
  }
  return rows;
}

/** The same text a token a round, by itself. */
function plainly({ prompt, rounds }: Request): Request {
  const tokens = rounds.reduce((sum, { right }) => sum + right + 1, 0);
  return { prompt, rounds: Array.from({ length: tokens }, () => ({ drafted: 0, right: 0 })) };
}

async function run(requests: readonly Request[], rounding: Rounding, free: 'free' | 'strict') {
  const { model, context } = await fakeContext({ outputs: 64, batch: 512 }, new FakeModel({ rounding }));
  const rowClass: RowClass = free === 'free' ? { kind: 'free' } : await findRowClass(context, model.vocabulary.size);
  context.passes.length = 0;
  const batcher = batcherOf(context, rowClass);
  const rows = await Promise.all(
    requests.map((one, i) => {
      const sequence = openSequence(batcher, { promptLength: one.prompt });
      return write(sequence, someTokens(700, i), one);
    }),
  );
  return { rows, passes: context.passes as readonly PassRecord[], rowClass };
}

/** How many rows have other bits than plain decoding by itself gives them. */
async function differences(requests: readonly Request[], rounding: Rounding, kind: 'free' | 'strict'): Promise<number> {
  const { rows } = await run(requests, rounding, kind);
  let count = 0;
  for (const [i, one] of requests.entries()) {
    // At the same place in line: the text is that of the place.
    const alone = requests.map((_, k) => (k === i ? plainly(one) : { prompt: 1, rounds: [] }));
    const reference = (await run(alone, rounding, kind)).rows[i]!;
    expect(reference).toHaveLength(rows[i]!.length);
    count += reference.filter((row, k) => !sameBits(row, rows[i]![k]!)).length;
  }
  return count;
}

const roundings = { loneRows: ROUNDING.loneRows, fours: ROUNDING.fours, neighbours: ROUNDING.neighbours };

describe('strict passes', () => {
  for (const [name, rounding] of Object.entries(roundings)) {
    it(`give every row the bits of plain decoding, whatever is drafted and whoever is beside it (${name})`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 4 }), async (requests) => {
          expect(await differences(requests, rounding, 'strict')).toBe(0);
        }),
        { seed: 1, numRuns: 15 },
      );
    });

    it(`are needed for that (${name})`, async () => {
      const draft = { drafted: 8, right: 5 };
      const requests = [
        { prompt: 510, rounds: [draft, draft] },
        { prompt: 3, rounds: [draft, { drafted: 0, right: 0 }] },
      ];
      expect(await differences(requests, rounding, 'free')).toBeGreaterThan(0);
    });

    it(`all lie within one class (${name})`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 4 }), async (requests) => {
          const { passes, rowClass } = await run(requests, rounding, 'strict');
          for (const pass of passes) expectClass(pass, requests, rowClass);
        }),
        { seed: 2, numRuns: 15 },
      );
    });
  }

  function expectClass({ rows, outputs, parts }: PassRecord, requests: readonly Request[], rowClass: RowClass): void {
    if (rowClass.kind === 'free') expect.fail('found no strict class');
    const [first] = parts;
    if (first!.position < requests[first!.sequence]!.prompt) {
      expect(parts).toHaveLength(1);
      expect(first!.position % STRICT_CHUNK).toBe(0);
      expect(first!.rows).toBeLessThanOrEqual(STRICT_CHUNK);
      return;
    }
    expect(rows).toBeLessThanOrEqual(STRICT_ROWS);
    expect(outputs).toBe(rows);
    expect(first!.rows).toBeGreaterThanOrEqual(2);
    expect(first!.rows % rowClass.multiple).toBe(0);
    for (const part of parts) {
      expect(part.rows).toBe(first!.rows);
      expect(part.position).toBeGreaterThanOrEqual(requests[part.sequence]!.prompt);
    }
    if (rowClass.sequences === 'alone') expect(parts).toHaveLength(1);
  }

  it('take several sequences together where that changes nothing', async () => {
    const requests = [0, 1, 2].map(() => ({ prompt: 5, rounds: [{ drafted: 2, right: 2 }] }));
    const { passes } = await run(requests, ROUNDING.loneRows, 'strict');
    expect(passes.at(-1)).toMatchObject({ rows: 9, parts: [{ rows: 3 }, { rows: 3 }, { rows: 3 }] });
  });

  it('serve a sequence that did not fit beside the others next', async () => {
    const wide = { drafted: 20, right: 0 };
    const requests = [0, 1, 2].map(() => ({ prompt: 5, rounds: [wide, wide] }));
    const { passes } = await run(requests, ROUNDING.loneRows, 'strict');
    const generated = passes.filter(({ rows }) => rows > 5).map(({ parts }) => parts.map(({ sequence }) => sequence));
    expect(generated).toEqual([
      [0, 1],
      [0, 2],
      [1, 2],
    ]);
  });

  it('evaluate a text again in the same classes: the prompt in its chunks, the rest in small batches', async () => {
    const { context } = await fakeContext({ outputs: 64, batch: 512 });
    const batcher = batcherOf(context, { kind: 'strict', multiple: 4, sequences: 'alone' });
    await openSequence(batcher, { promptLength: 300 }).evaluate(someTokens(400), 10, copyRows);
    expect(context.passes.map(({ rows }) => rows)).toEqual([256, 44, 48, 48, 12]);
    expect(context.passes.map(({ outputs }) => outputs)).toEqual([0, 0, 48, 48, 12]);
  });

  it('show one row of a prompt and at most a pass of what follows', async () => {
    const { context } = await fakeContext({ outputs: 64, batch: 512 });
    const batcher = batcherOf(context, { kind: 'strict', multiple: 1, sequences: 'alone' });
    const prompt = openSequence(batcher, { promptLength: 10 });
    await expect(prompt.evaluate(someTokens(10), 2, copyRows)).rejects.toThrow(RangeError);
    await expect(prompt.evaluate(someTokens(12), 3, copyRows)).rejects.toThrow(RangeError);
    await prompt.evaluate(someTokens(12), 2, copyRows);
    await expect(prompt.evaluate(someTokens(49), 49, copyRows)).rejects.toThrow(RangeError);
  });
});

describe('paddedRows', () => {
  it('is at least 2, a multiple, and no more than needed', () => {
    expect([1, 2, 3, 8].map((wanted) => paddedRows(wanted, 1))).toEqual([2, 2, 3, 8]);
    expect([1, 2, 4, 5, 8].map((wanted) => paddedRows(wanted, 4))).toEqual([4, 4, 4, 8, 8]);
  });
});
