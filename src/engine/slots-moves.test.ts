import { describe, expect, it } from 'vitest';
import { StateStore } from './state-store.js';
import { batcherOf, copyRows, openSequence, someTokens } from './testing/batcher.js';
import { FakeModel, fakeContext } from './testing/fake-backend.js';

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
});
