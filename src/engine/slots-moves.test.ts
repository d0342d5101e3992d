import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StateStore } from './state-store.js';
import { batcherOf, copyRows, openSequence, someTokens } from './testing/batcher.js';
import { FakeModel, fakeContext } from './testing/fake-backend.js';
import type { FakeContext } from './testing/fake-context.js';
import { mix } from './testing/fake-law.js';
import { FAKE } from './testing/fake-vocabulary.js';

// No run of one of them stands in another.
const [first, second, third] = [1, 2, 91].map((start) => someTokens(100, start)) as [number[], number[], number[]];
const head = someTokens(20);

/** Two slots with a chat in each, and memory for more. */
async function twoChats(model = new FakeModel()) {
  const { context } = await fakeContext({ sequences: 2, tokensPerSequence: 1024 }, model);
  const batcher = batcherOf(context, { kind: 'free' }, new StateStore(2 ** 20));
  const begin = (text: readonly number[]) =>
    openSequence(batcher, { promptLength: text.length, reuse: 'shifted' }, text);
  const ask = async (text: readonly number[]) => {
    const sequence = begin(text);
    await sequence.evaluate(text.slice(sequence.length), 1, copyRows);
    expect(context.tokensOf(sequence.id)).toEqual(text);
    return sequence;
  };
  const chats = await Promise.all([ask(first), ask([...head, ...second])]);
  for (const chat of chats) chat.close();
  return { context, begin, ask };
}

describe('what is to be done with cells before a pass', () => {
  it('is done before it also where somebody asks for more just as the rest of it is through', async () => {
    for (let turns = 0; turns < 12; turns++) {
      const { context, ask } = await twoChats();
      let open = (): void => {};
      const opened = new Promise<void>((resolve) => {
        open = resolve;
      });
      const save = context.save.bind(context);
      const saving = new Promise<void>((resolve) => {
        context.save = async (id) => {
          const state = await save(id);
          resolve();
          await opened;
          return state;
        };
      });
      const other = ask(third);
      await saving;
      const cut = opened.then(async () => {
        for (let i = 0; i < turns; i++) await undefined;
        return ask([...head, ...second.slice(30), 9]);
      });
      open();
      expect((await cut).shifted, `${turns} turns`).toBe(70);
      await other;
    }
  });

  it('fails nobody where a chat that makes room cannot be saved: it is evaluated again', async () => {
    const { context, ask } = await twoChats();
    context.save = () => Promise.reject(new RangeError('Array buffer allocation failed'));
    (await ask(third)).close();
    expect((await ask([...first, 9])).reused).toBe(0);
  });

  it('leaves nothing to whoever comes next where it fails behind a sequence that was closed meanwhile', async () => {
    const { context, begin, ask } = await twoChats(new FakeModel({ canRestore: false }));
    (await ask(third)).close();
    const restore = context.restore.bind(context);
    const back = begin([...first, 9]);
    context.restore = (id, state) => {
      back.close();
      return restore(id, state);
    };
    expect(back.length).toBe(100);
    const refused = back.evaluate([9], 1, copyRows);
    await expect(refused).rejects.toMatchObject({ code: 'closed' });
    const again = await ask([...first, 9, 10]);
    expect(again.reused).toBe(0);
  });

  it('is done in order, whoever comes and goes meanwhile, and whatever memory refuses', async () => {
    await fc.assert(
      fc.asyncProperty(visits, refusals, async (visitors, refusals) => {
        const model = new FakeModel({ elsewhere: (pass) => (pass % 2 === 0 ? turn() : undefined) });
        const { context } = await fakeContext({ sequences: visitors.length, tokensPerSequence: 1024 }, model);
        slowMemory(context, refusals);
        const batcher = batcherOf(context, { kind: 'free' }, new StateStore(2 ** 20));
        const come = async (all: readonly Visit[]): Promise<void> => {
          for (const { chat, cut, added, comes, goes } of all) {
            await wait(comes);
            const text = [...chatTokens(chat, 20), ...chatTokens(chat + 10, 100).slice(cut), ...chatTokens(99, added)];
            const sequence = openSequence(batcher, { promptLength: text.length, reuse: 'shifted' }, text);
            const evaluated = sequence.evaluate(text.slice(sequence.length), 1, copyRows).then(
              () => expect(context.tokensOf(sequence.id)).toEqual(text),
              (error) => expect(error).toMatchObject({ code: 'closed' }),
            );
            await (goes === undefined ? evaluated : wait(goes));
            sequence.close();
            await evaluated;
          }
        };
        await Promise.all(visitors.map(come));
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

/** Turns of the event loop, and then of the promises in one. */
type Delay = readonly [number, number];

/** Which chat, how many of its oldest tokens are cut, how many are new; `goes` undefined: whoever asks is patient. */
interface Visit {
  readonly chat: number;
  readonly cut: number;
  readonly added: number;
  readonly comes: Delay;
  readonly goes: Delay | undefined;
}

const delay: fc.Arbitrary<Delay> = fc.tuple(fc.nat(4), fc.nat(8));
const visits: fc.Arbitrary<Visit[][]> = fc.array(
  fc.array(
    fc.record({
      chat: fc.nat(4),
      cut: fc.oneof(fc.constant(0), fc.nat(60)),
      added: fc.integer({ min: 1, max: 30 }),
      comes: delay,
      goes: fc.oneof(fc.constant(undefined), fc.constant(undefined), delay),
    }),
    { minLength: 2, maxLength: 8 },
  ),
  { minLength: 2, maxLength: 3 },
);
const refusals = fc.array(fc.boolean(), { minLength: 1, maxLength: 4 });

async function wait([turns, steps]: Delay): Promise<void> {
  for (let i = 0; i < turns; i++) await turn();
  for (let i = 0; i < steps; i++) await undefined;
}

/** Tokens of which hardly two stand in two chats in the same order. */
function chatTokens(chat: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => FAKE.firstByte + (mix(1000 * chat + i) & 255));
}

/** Saving and restoring take a turn of the event loop, and are refused as often as that says. */
function slowMemory(context: FakeContext, refusals: readonly boolean[]): void {
  const save = context.save.bind(context);
  const restore = context.restore.bind(context);
  let calls = 0;
  const isRefused = (): boolean => refusals[calls++ % refusals.length]!;
  context.save = async (id) => {
    const state = await save(id);
    await turn();
    if (isRefused()) throw new RangeError('Array buffer allocation failed');
    return state;
  };
  context.restore = async (id, state) => {
    await turn();
    if (isRefused()) return context.trim(id, 0) && false;
    return restore(id, state);
  };
}
