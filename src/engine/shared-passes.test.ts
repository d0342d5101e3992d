/** Draft lengths of requests that run at once, on fake models whose passes take what a curve says of a clock of their own. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CURVES, type Curve } from '../speculative/testing/length-simulation.js';
import type { Engine } from './engine.js';
import { loading } from './testing/engine.js';
import type { FakeBackend } from './testing/fake-backend.js';

/** Of a pass of the draft model, and of a further row in it, where one of the target takes 1. */
const DRAFT_PASS = 0.08;
const DRAFT_ROW = 0.01;
const TOKENS = 300;

interface Paced {
  readonly engine: Engine;
  /** Milliseconds that have passed by the fake clock. */
  readonly clock: () => number;
}

async function paced(curve: Curve, parallel: number): Promise<Paced> {
  let clock = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => clock);
  onTestFinished(() => void vi.restoreAllMocks());
  let backend: FakeBackend | undefined;
  const takes = (model: number, ms: (rows: number) => number) => (pass: number) => {
    const rows = backend!.models[model]!.contexts[0]!.passes[pass - 1]!.rows;
    clock += ms(rows);
    return undefined;
  };
  const common = { endBias: -100 };
  const target = { ...common, elsewhere: takes(0, curve) };
  const draft = { ...common, drift: 0.15, elsewhere: takes(1, (rows) => DRAFT_PASS + DRAFT_ROW * (rows - 1)) };
  const load = await loading({ target, draft, parallel, contextSize: 1024 });
  // Before its first pass: costs are measured when models are loaded.
  backend = load.backend;
  const engine = await load.loaded;
  onTestFinished(() => engine.close());
  return { engine, clock: () => clock };
}

/**
 * Tokens a millisecond of so many requests at once, for as long as all of them run, and the mean length of a draft; the
 * second time, since by then something is known of the pair.
 */
async function paceOf({ engine, clock }: Paced, count: number, mode: 'main' | 'speculative') {
  const runAll = async (turn: number) => {
    const began = clock();
    let [tokens, rounds, drafted] = [0, 0, 0];
    let speed: number | undefined;
    const run = async (i: number): Promise<void> => {
      const prompt = { text: `once upon a time ${turn} ${i}` };
      const sampling = { temperature: 0 };
      const draft = { drafters: ['model'] } as const;
      for await (const event of engine.generate({ prompt, mode, maxTokens: TOKENS, sampling, draft })) {
        if (event.type === 'finish') speed ??= tokens / (clock() - began);
        if (event.type !== 'round') continue;
        tokens += event.tokens.length;
        drafted += event.draft.tokens.length;
        rounds += 1;
      }
    };
    await Promise.all(Array.from({ length: count }, (_, i) => run(i)));
    return { speed: speed!, length: drafted / rounds };
  };
  await runAll(0);
  return runAll(1);
}

async function compare(curve: Curve, count: number): Promise<{ speedup: number; length: number }> {
  const plain = await paceOf(await paced(curve, count), count, 'main');
  vi.restoreAllMocks();
  const drafting = await paceOf(await paced(curve, count), count, 'speculative');
  return { speedup: drafting.speed / plain.speed, length: drafting.length };
}

/** Of so many requests the least speed-up and the most tokens of a draft on average, by curve. */
const EXPECTED: Readonly<
  Record<keyof typeof CURVES, readonly (readonly [count: number, speedup: number, most: number])[]>
> = {
  'gpu-flat': [
    [1, 2, 16],
    [2, 1.5, 16],
    [4, 1.3, 16],
    [8, 0.97, 16],
  ],
  cpu2: [
    [1, 1.3, 4],
    [2, 1.05, 2],
    [4, 0.98, 0.05],
    [8, 0.98, 0.05],
  ],
  epyc2: [
    [1, 1.02, 4],
    [2, 1.1, 2],
    [8, 0.98, 0.05],
  ],
  linear: [
    [2, 0.98, 0.05],
    [8, 0.98, 0.05],
  ],
};

describe('several requests', () => {
  it('leave what a pass of the draft model takes as it is, whoever waits for whom', async () => {
    const setup = await paced(CURVES['gpu-flat'], 4);
    const costs = setup.engine.models.learnt.knowledge.draftCostsOf('draft1')!;
    await paceOf(setup, 4, 'speculative');
    for (const rows of [1, 2, 4]) {
      expect(costs.at(rows, 0) / (DRAFT_PASS + DRAFT_ROW * (rows - 1)), `${rows} rows`).toBeCloseTo(1, 1);
    }
  });

  it.each(Object.keys(CURVES) as (keyof typeof CURVES)[])(
    'draft where it pays for all of them, and lose nothing where it does not (%s)',
    async (name) => {
      for (const [count, least, most] of EXPECTED[name]) {
        const { speedup, length } = await compare(CURVES[name], count);
        expect(speedup, `speed of ${count}`).toBeGreaterThan(least);
        expect(length, `length of ${count}`).toBeLessThan(most);
      }
    },
  );
});
