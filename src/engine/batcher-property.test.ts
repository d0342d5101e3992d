import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { it } from 'vitest';
import type { Token } from '../speculative/index.js';
import type { Batcher } from './batcher.js';
import type { CachedSequence } from './cached-sequence.js';
import type { RowClass } from './row-class.js';
import { batcherOf, copyRows, expectRows, openSequence, someTokens } from './testing/batcher.js';
import { FakeModel, fakeContext } from './testing/fake-backend.js';

/** What a sequence does next, whatever the others do. */
type Action =
  | { readonly type: 'evaluate'; readonly count: number; readonly rows: number; readonly reader: 'reads' | 'throws' }
  | { readonly type: 'rewind'; readonly by: number }
  | { readonly type: 'close' }
  | { readonly type: 'close during'; readonly count: number; readonly when: 'at once' | 'later' }
  | { readonly type: 'wait' };

const PROMPT = 20;

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('evaluate' as const),
      count: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 60 })),
      rows: fc.nat(9),
      reader: fc.oneof({ weight: 5, arbitrary: fc.constant('reads' as const) }, fc.constant('throws' as const)),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('rewind' as const), by: fc.nat(12) }) },
  fc.record({ type: fc.constant('close' as const) }),
  fc.record({
    type: fc.constant('close during' as const),
    count: fc.integer({ min: 1, max: 40 }),
    when: fc.constantFrom('at once' as const, 'later' as const),
  }),
  fc.record({ type: fc.constant('wait' as const) }),
);

const strictClass: fc.Arbitrary<RowClass> = fc.record({
  kind: fc.constant('strict' as const),
  multiple: fc.constantFrom(1, 4),
  sequences: fc.constantFrom('together' as const, 'alone' as const),
});

interface World {
  readonly scripts: readonly (readonly Action[])[];
  readonly kind: { readonly rowClass: RowClass; readonly canTrim: boolean };
  /** Cycled through: how each pass runs. */
  readonly passes: readonly ('in place' | 'elsewhere' | 'full' | 'throws')[];
}

// Strict passes drop their padding, so findRowClass refuses a cache that cannot.
const kinds = fc.oneof(
  fc.record({ rowClass: fc.constant({ kind: 'free' } as const), canTrim: fc.boolean() }),
  fc.record({ rowClass: strictClass, canTrim: fc.constant(true) }),
);

const world: fc.Arbitrary<World> = fc.record({
  scripts: fc.array(fc.array(action, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 }),
  kind: kinds,
  passes: fc.array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom('in place' as const, 'elsewhere' as const) },
      fc.constantFrom('full' as const, 'throws' as const),
    ),
    { minLength: 1, maxLength: 7 },
  ),
});

it('whatever sequences do beside each other, every row is that of a fresh evaluation of its tokens', async () => {
  await fc.assert(
    fc.asyncProperty(world, async ({ scripts, kind: { rowClass, canTrim }, passes }) => {
      const { model, context } = await fakeContext({ batch: 32, outputs: 24 }, modelOf(passes, canTrim));
      const batcher = batcherOf(context, rowClass);
      await Promise.all(scripts.map((script, i) => new Player(batcher, model, rowClass, 100 * i).play(script)));
      await batcher.idle();
    }),
    { seed: 1, numRuns: 200 },
  );
});

function modelOf(passes: World['passes'], canTrim: boolean): FakeModel {
  const kindOf = (pass: number) => passes[pass % passes.length]!;
  return new FakeModel({
    canTrim,
    elsewhere: (pass) => (kindOf(pass) === 'elsewhere' ? turn() : undefined),
    fault: (pass) => {
      const kind = kindOf(pass);
      return kind === 'full' ? kind : kind === 'throws' ? new Error('the pass failed') : undefined;
    },
  });
}

/** Plays a script on a sequence, with the tokens that it should hold as the model to compare with. */
class Player {
  readonly #batcher: Batcher;
  readonly #model: FakeModel;
  readonly #rowClass: RowClass;
  readonly #start: number;
  #sequence: CachedSequence;
  #held: Token[] = [];

  constructor(batcher: Batcher, model: FakeModel, rowClass: RowClass, start: number) {
    this.#batcher = batcher;
    this.#model = model;
    this.#rowClass = rowClass;
    this.#start = start;
    this.#sequence = openSequence(batcher, { promptLength: PROMPT });
  }

  async play(script: readonly Action[]): Promise<void> {
    for (const action of script) await this.#perform(action);
    this.#sequence.close();
  }

  async #perform(action: Action): Promise<void> {
    switch (action.type) {
      case 'evaluate':
        return this.#evaluate(action);
      case 'rewind':
        this.#held.length = Math.max(0, this.#held.length - action.by);
        return this.#sequence.rewind(this.#held.length);
      case 'close':
        return this.#reopen();
      case 'close during': {
        const settled = Promise.allSettled([this.#sequence.evaluate(someTokens(action.count), 1, copyRows)]);
        if (action.when === 'later') await turn();
        this.#reopen();
        await settled;
        return;
      }
      case 'wait':
        return turn();
    }
  }

  #reopen(): void {
    this.#sequence.close();
    this.#sequence = openSequence(this.#batcher, { promptLength: PROMPT });
    this.#held = [];
  }

  async #evaluate({ count, rows, reader }: Extract<Action, { type: 'evaluate' }>): Promise<void> {
    const tokens = someTokens(count, this.#start + this.#held.length);
    // Strict sequences show one row of a prompt.
    const generated = Math.max(1, this.#held.length + count - PROMPT);
    const wanted = Math.min(rows, count, this.#rowClass.kind === 'free' ? count : generated);
    try {
      const seen = await this.#sequence.evaluate(tokens, wanted, (lent) => {
        if (reader === 'throws') throw new Error('the reader failed');
        return copyRows(lent);
      });
      this.#held.push(...tokens);
      expectRows(seen, this.#model, this.#held);
    } catch (error) {
      if (!/the reader failed|the pass failed|ended with 'full'/.test(String(error))) throw error;
    }
  }
}
