/**
 * Strict decoding on the weight types whose kernels part rows in ways of their own: f16 (a single row always differs),
 * q4_0 and q4_K_M (repacked on some processors, where the rows of a pass have to be multiples of 4).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/index.js';
import type { Token } from '../../src/speculative/index.js';
import { answer, BY_CONFIDENCE, outcome } from './testing/answer.js';
import { longPrompt } from './testing/heldout.js';
import { DRAFT, DRAFT_F16, loadPair, MAIN, TWO_THREADS } from './testing/pair.js';
import { Variants } from './testing/variants.js';

/** Beyond the 512 cells where attention over one row is divided among threads. */
const DEPTH = 640;
const GENERATED = 48;

/** How the same generated tokens may reach the target: one by one, by drafts of any length, caught up at once. */
const GROUPINGS: readonly (readonly number[])[] = [
  Array.from({ length: GENERATED }, () => 1),
  [2, 1, 5, 3, 4, 8, 1, 7, 6, 11],
  [13, 31, 1, 3],
  [16, 17, 15],
  [32, 16],
  [44, 4],
];

let variants: Variants;
beforeAll(async () => {
  variants = await Variants.create();
});
afterAll(() => variants.remove());

describe.each([
  ['q8_0', async () => MAIN],
  ['f16', async () => DRAFT_F16],
  ['q4_0', () => variants.quantized(MAIN, 'main-q4_0.gguf', 'q4_0')],
  ['q4_K_M', () => variants.quantized(MAIN, 'main-q4_K_M.gguf', 'q4_K_M')],
] as const)('weights of type %s', (_, target) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await loadPair({ ...TWO_THREADS, target: await target(), drafts: [DRAFT], strict: true });
  });
  afterAll(() => engine.close());

  it('the rows of generated tokens have the same bits however they are grouped', async () => {
    const { tokens } = longPrompt(engine, DEPTH + GENERATED);
    const reference = await rowsOf(engine, tokens, GROUPINGS[0]!);
    for (const grouping of GROUPINGS.slice(1)) {
      const rows = await rowsOf(engine, tokens, grouping);
      expect(rows).toHaveLength(reference.length);
      expect(Buffer.compare(rows, reference), `groups of ${grouping}`).toBe(0);
    }
  });

  it.each([
    ['greedy', { temperature: 0 }],
    ['seed 7', {}],
  ])('%s: speculation writes the text of plain decoding', async (_, sampling) => {
    const request = {
      ...BY_CONFIDENCE,
      prompt: longPrompt(engine, DEPTH, 4),
      maxTokens: 40,
      ignoreEndOfText: true,
      seed: 7,
      sampling,
    };
    const plain = await answer(engine, { ...request, mode: 'main' });
    const speculative = await answer(engine, request);
    expect(outcome(speculative)).toEqual(outcome(plain));
    expect(speculative.finish.statistics.drafted).toBeGreaterThan(0);
  });
});

/** The logits of all tokens behind `DEPTH`, evaluated in groups of the given sizes, as one string of bytes. */
async function rowsOf(engine: Engine, tokens: readonly Token[], grouping: readonly number[]): Promise<Uint8Array> {
  const { batcher } = engine.models.target;
  const sequence = batcher.open({ capacity: engine.models.contextSize, promptLength: DEPTH });
  try {
    await sequence.evaluate(tokens.slice(0, DEPTH), 0, () => {});
    const rows: Uint8Array[] = [];
    for (const count of grouping) {
      const group = tokens.slice(sequence.length, sequence.length + count);
      await sequence.evaluate(group, group.length, (seen) => {
        for (const row of seen) rows.push(Buffer.from(row.slice().buffer));
      });
    }
    return Buffer.concat(rows);
  } finally {
    sequence.close();
  }
}
