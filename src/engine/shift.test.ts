import { setImmediate as immediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Token } from '../speculative/index.js';
import type { Batcher } from './batcher.js';
import { StateStore } from './state-store.js';
import { batcherOf, copyRows, expectRows, someTokens } from './testing/batcher.js';
import { FakeModel, fakeContext } from './testing/fake-backend.js';
import type { FakeContext } from './testing/fake-context.js';

const CAPACITY = 1024;

/** Evaluates a prompt as a request does, and checks that the cells are those of the prompt; tells what was there already. */
async function turn(batcher: Batcher, context: FakeContext, prompt: readonly Token[], answer: readonly Token[] = []) {
  const options = { capacity: CAPACITY, promptLength: prompt.length, reuse: 'shifted' } as const;
  const sequence = batcher.open(options, prompt);
  await sequence.evaluate(prompt.slice(sequence.length), 1, copyRows);
  expect(context.tokensOf(sequence.id)).toEqual(prompt);
  for (const token of answer) await sequence.evaluate([token], 1, copyRows);
  const { reused, shifted } = sequence;
  sequence.close();
  return { reused, shifted };
}

describe('a chat whose oldest turns are cut', () => {
  const head = someTokens(20);
  const turns = Array.from({ length: 12 }, (_, i) => someTokens(40, i + 1));

  it('is evaluated from its new turn on, however often it is cut', async () => {
    const { context } = await fakeContext({ sequences: 1, tokensPerSequence: CAPACITY });
    const batcher = batcherOf(context);
    for (let last = 0; last < turns.length; last++) {
      const first = Math.max(0, last - 5);
      const prompt = [...head, ...turns.slice(first, last + 1).flat()];
      const { reused, shifted } = await turn(batcher, context, prompt);
      expect(prompt.length - reused).toBe(last === 0 ? prompt.length : 40);
      expect(shifted).toBe(first === 0 ? 0 : reused - head.length);
    }
  });

  it('keeps the answers, which nobody evaluates as a prompt', async () => {
    const { context } = await fakeContext({ sequences: 1, tokensPerSequence: CAPACITY });
    const batcher = batcherOf(context);
    const answer = someTokens(50, 99);
    await turn(batcher, context, [...head, ...turns.slice(0, 4).flat()], answer);
    const cut = [...head, ...turns.slice(2, 4).flat(), ...answer, ...someTokens(7, 50)];
    expect(await turn(batcher, context, cut)).toEqual({ reused: cut.length - 7, shifted: cut.length - 7 - 20 });
  });

  it('comes back from memory shifted, where another took its slot', async () => {
    const { context } = await fakeContext({ sequences: 1, tokensPerSequence: CAPACITY });
    const batcher = batcherOf(context, { kind: 'free' }, new StateStore(2 ** 20));
    await turn(batcher, context, [...head, ...turns.slice(0, 4).flat()]);
    await turn(batcher, context, someTokens(200, 77));
    const cut = [...head, ...turns.slice(1, 5).flat()];
    expect(await turn(batcher, context, cut)).toEqual({ reused: 140, shifted: 120 });
  });

  it('is evaluated again where the model cannot move cells, where memory refuses, and where it is not wanted', async () => {
    const cut = [...head, ...turns.slice(1, 5).flat()];
    for (const options of [{ canShift: false }, { canTrim: false }]) {
      const { context } = await fakeContext({ sequences: 1 }, new FakeModel(options));
      const batcher = batcherOf(context);
      await turn(batcher, context, [...head, ...turns.slice(0, 4).flat()]);
      expect((await turn(batcher, context, cut)).shifted).toBe(0);
    }
    const { context } = await fakeContext({ sequences: 1 }, new FakeModel({ canRestore: false }));
    const batcher = batcherOf(context, { kind: 'free' }, new StateStore(2 ** 20));
    await turn(batcher, context, [...head, ...turns.slice(0, 4).flat()]);
    await turn(batcher, context, someTokens(200, 77));
    expect(await turn(batcher, context, cut)).toEqual({ reused: 0, shifted: 0 });
    const plain = batcher.open({ capacity: CAPACITY, promptLength: 100 }, [...head, ...turns.slice(2, 6).flat()]);
    expect(plain.length).toBe(20);
  });

  it('is not the beginning of a text that only quotes it', async () => {
    const { context } = await fakeContext({ sequences: 1, tokensPerSequence: CAPACITY });
    const batcher = batcherOf(context);
    await turn(batcher, context, [...head, ...turns.slice(0, 4).flat()]);
    const quote = [...head, ...turns[2]!, ...someTokens(100, 50)];
    expect(await turn(batcher, context, quote)).toEqual({ reused: 20, shifted: 0 });
  });
});

describe('shifted cells', () => {
  const head = someTokens(20);
  const [first, second, third] = [1, 2, 3].map((i) => someTokens(60, i));
  const whole = [...head, ...first!, ...second!];
  const cut = [...head, ...second!, ...third!];

  it('are told of as long as they are used, and no longer', async () => {
    const { context } = await fakeContext({ sequences: 1, tokensPerSequence: CAPACITY });
    const batcher = batcherOf(context);
    await turn(batcher, context, whole);
    expect((await turn(batcher, context, cut)).shifted).toBe(60);
    const goesOn = [...cut, ...someTokens(9, 50)];
    expect(await turn(batcher, context, goesOn)).toEqual({ reused: cut.length, shifted: cut.length - 20 });
    const other = [...head, ...someTokens(50, 70)];
    expect(await turn(batcher, context, other)).toEqual({ reused: 20, shifted: 0 });
    expect(await turn(batcher, context, [...other, 9])).toEqual({ reused: 70, shifted: 0 });
  });

  it('are no beginning for what is to be judged', async () => {
    const { model, context } = await fakeContext({ sequences: 1, tokensPerSequence: CAPACITY });
    const batcher = batcherOf(context);
    await turn(batcher, context, whole);
    await turn(batcher, context, cut);
    const text = [...cut, 9];
    const judged = batcher.open({ capacity: CAPACITY, promptLength: text.length }, text);
    expect(judged.length).toBe(20);
    expectRows(await judged.evaluate(text.slice(20), 1, copyRows), model, text);
  });

  it('move at the next pass, whoever has the slot by then', async () => {
    const { context } = await fakeContext({ sequences: 1, tokensPerSequence: CAPACITY });
    const batcher = batcherOf(context, { kind: 'free' }, new StateStore(2 ** 20));
    await turn(batcher, context, whole);
    batcher.open({ capacity: CAPACITY, promptLength: cut.length, reuse: 'shifted' }, cut).close();
    expect(await turn(batcher, context, cut)).toEqual({ reused: 80, shifted: 60 });
  });
});

/** What a front end does next: it adds a turn, cuts old ones, answers another way, or another chat comes. */
interface Step {
  readonly chat: number;
  readonly added: number;
  readonly answered: number;
  /** Tokens that the front end cuts from the oldest turns, and from the last answer. */
  readonly cut: number;
  readonly dropped: number;
  readonly leaves: string;
}
const step: fc.Arbitrary<Step> = fc.record({
  chat: fc.nat(2),
  added: fc.integer({ min: 1, max: 60 }),
  answered: fc.nat(20),
  cut: fc.oneof(fc.constant(0), fc.nat(150)),
  dropped: fc.oneof(fc.constant(0), fc.nat(30)),
  leaves: fc.constantFrom('at once', 'later', 'later', 'later'),
});

/** Three chats of a server, each with a beginning of its own; one has none. */
class Chats {
  readonly #heads = [someTokens(10), someTokens(40), []];
  readonly #bodies: Token[][] = [[], [], []];
  #fresh = 0;

  /** What the front end sends next, and what the chat is answered. */
  next({ chat, added, answered, cut, dropped }: Step): { readonly prompt: Token[]; readonly answer: Token[] } {
    const body = this.#bodies[chat]!;
    body.length = Math.max(0, body.length - dropped);
    body.splice(0, cut);
    body.push(...someTokens(added, ++this.#fresh));
    const prompt = [...this.#heads[chat]!, ...body];
    const answer = someTokens(answered, ++this.#fresh);
    body.push(...answer);
    return { prompt, answer };
  }
}

describe('whatever is cut, by whomever', () => {
  it('the cells of a sequence are the tokens of its text, each at its position', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 14 }),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(0, 2 ** 20),
        async (steps, sequences, memory) => {
          const { context } = await fakeContext({ sequences, tokensPerSequence: CAPACITY });
          const batcher = batcherOf(context, { kind: 'free' }, new StateStore(memory));
          const chats = new Chats();
          for (const step of steps) {
            const { prompt, answer } = chats.next(step);
            const options = { capacity: CAPACITY, promptLength: prompt.length, reuse: 'shifted' } as const;
            if (step.leaves === 'at once') batcher.open(options, prompt).close();
            else await turn(batcher, context, prompt, answer);
          }
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  it('also while the chats of others go on, in passes on another thread', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { maxLength: 6 }), { minLength: 2, maxLength: 3 }),
        fc.constantFrom(0, 2 ** 20),
        async (stepsOfChats, memory) => {
          const model = new FakeModel({ elsewhere: (pass) => (pass % 3 === 0 ? undefined : immediate()) });
          const { context } = await fakeContext({ sequences: 3, tokensPerSequence: CAPACITY }, model);
          const batcher = batcherOf(context, { kind: 'free' }, new StateStore(memory));
          const chats = new Chats();
          const goOn = async (steps: readonly Step[], chat: number): Promise<void> => {
            for (const one of steps) {
              const { prompt, answer } = chats.next({ ...one, chat });
              await turn(batcher, context, prompt, answer);
            }
          };
          await Promise.all(stepsOfChats.map(goOn));
        },
      ),
      { seed: 2, numRuns: 200 },
    );
  });
});
