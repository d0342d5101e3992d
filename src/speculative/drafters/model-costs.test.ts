import { describe, expect, it } from 'vitest';
import type { Token } from '../distribution.js';
import { CostCurve } from '../length/cost-curve.js';
import type { Companions } from '../length/shared-pass.js';
import { positionNoise, sequentialRandom } from '../random.js';
import type { Row } from '../sequence.js';
import { draftRequest } from '../testing/draft-request.js';
import { SoftmaxSampler } from '../testing/softmax-sampler.js';
import { tabularModel } from '../testing/tabular-model.js';
import { TabularSequence } from '../testing/tabular-sequence.js';
import { ModelDrafter } from './model.js';

const T = new Map([
  [1, 2],
  [4, 5],
  [14, 9],
]);
const model = tabularModel({ vocabulary: 5, seed: 11 });

class PacedSequence extends TabularSequence {
  readonly #begin: (rows: number) => void;

  constructor(begin: (rows: number) => void) {
    super(model);
    this.#begin = begin;
  }

  override evaluate<T>(tokens: readonly Token[], rows: number, read: (rows: readonly Row[]) => T): Promise<T> {
    this.#begin(tokens.length);
    return super.evaluate(tokens, rows, read);
  }
}

/** A draft model whose passes take T(rows), others' among them, and are waited for. */
function setUp(companions: Companions) {
  const clock = { ms: 0 };
  const costs = new CostCurve({ points: Array.from(T, ([rows, ms]) => ({ rows, ms })) });
  const begin = (rows: number): void => {
    clock.ms += companions.waitedMs + T.get(rows + companions.rows + companions.promptRows)!;
  };
  const drafter = new ModelDrafter({
    name: 'draft',
    sequence: new PacedSequence(begin),
    sampler: new SoftmaxSampler({}),
    noise: positionNoise(7),
    random: sequentialRandom(3),
    isEnd: () => false,
    costs,
    company: { expected: () => companions, inLastPass: () => companions },
    now: () => clock.ms,
  });
  return { drafter, costs };
}

describe('what a pass of a draft model that others use costs', () => {
  it.each([
    { requests: 3, rows: 3, promptRows: 0, waitedMs: 50 },
    { requests: 3, rows: 3, promptRows: 10, waitedMs: 0 },
  ])('is learnt at all of its rows, without the wait for it: %j', async (companions) => {
    const { drafter, costs } = setUp(companions);
    await drafter.propose(draftRequest([1], 8));
    for (const [rows, ms] of T) expect(costs.at(rows, 0), `${rows} rows`).toBeCloseTo(ms, 9);
  });

  it('is what it takes with a row of each of them', () => {
    const { drafter } = setUp({ requests: 3, rows: 7, promptRows: 0, waitedMs: 0 });
    expect(drafter.price(1, Number.POSITIVE_INFINITY)).toMatchObject({ first: 5, next: 5, probe: 5, behind: 1 });
  });
});
