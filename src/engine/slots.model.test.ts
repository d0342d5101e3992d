import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LlamaBackend, openBackend } from '../llama/index.js';
import type { Token } from '../speculative/index.js';
import type { Context, Model } from './backend.js';
import { StateStore } from './state-store.js';
import { batcherOf, copyRows, sameBits } from './testing/batcher.js';

let backend: LlamaBackend;
let model: Model;

beforeAll(async () => {
  backend = await openBackend();
  model = await backend.loadModel('models/main-q8_0.gguf', { placement: { on: 'cpu' } });
});
afterAll(() => backend.close());

const tokens = (text: string): readonly Token[] =>
  model.vocabulary.tokenize(text, { addSpecial: true, parseSpecial: true });

function contextOf(sequences: number): Promise<Context> {
  const sizes = { tokensPerSequence: 512, batch: 128, outputs: 16, microBatch: 128, threads: 1 };
  return model.createContext({ ...sizes, sequences });
}

/** The last row of a text, and how many of its tokens were there already. */
async function rowOf(batcher: ReturnType<typeof batcherOf>, text: readonly Token[]) {
  const sequence = batcher.open({ capacity: 512, promptLength: text.length }, text);
  const [row] = await sequence.evaluate(text.slice(sequence.length), 1, copyRows);
  sequence.close();
  return { row: row!, reused: sequence.reused };
}

test('cells that were kept, copied, saved and restored give the very rows of the cells that they were', async () => {
  const system = tokens('You are a careful teller of tales who never hurries and never repeats a word. '.repeat(3));
  const [first, second] = ['Once upon a time there was a fox. '.repeat(6), 'The ship left at dawn. '.repeat(12)].map(
    (text) => [...system, ...tokens(text).slice(1)],
  );
  const more = tokens('And then').slice(1);
  // One evaluation of a text and one of what comes behind it, in a cache that nobody else uses.
  const reference = async (text: readonly Token[]) => {
    const context = await contextOf(1);
    const batcher = batcherOf(context);
    await rowOf(batcher, text);
    const { row, reused } = await rowOf(batcher, [...text, ...more]);
    expect(reused).toBe(text.length);
    context.close();
    return row;
  };
  const rows = [await reference(first!), await reference(second!)];

  const alone = await contextOf(1);
  const busy = batcherOf(alone, { kind: 'free' }, new StateStore(2 ** 28));
  for (const text of [first!, second!]) await rowOf(busy, text);
  const restored = await rowOf(busy, [...first!, ...more]);
  expect(restored.reused).toBe(first!.length);
  expect(sameBits(restored.row, rows[0]!)).toBe(true);
  alone.close();

  const wide = await contextOf(2);
  const shared = batcherOf(wide);
  await rowOf(shared, first!);
  const copied = await rowOf(shared, second!);
  expect(copied.reused).toBeGreaterThanOrEqual(system.length - 1);
  expect((await rowOf(shared, [...first!, ...more])).reused).toBe(first!.length);
  wide.close();
});
