import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Batcher } from './batcher.js';
import { Cores } from './cores.js';
import type { RowClass } from './row-class.js';
import { StateStore } from './state-store.js';
import { copyRows, openSequence, someTokens } from './testing/batcher.js';
import { FakeModel, fakeContext } from './testing/fake-backend.js';

/** Two prompts, the second of which comes `apart` milliseconds behind the first: rows of the passes that they make. */
async function passesOf({ apart = 2, passMs = 1000, rowClass = { kind: 'free' } as RowClass }) {
  let ms = 0;
  const elsewhere = () => {
    ms += passMs;
    return undefined;
  };
  const { context } = await fakeContext({}, new FakeModel({ elsewhere }));
  const batcher = new Batcher({ context, cores: new Cores(8), now: () => ms, rowClass, store: new StateStore(0) });
  const first = openSequence(batcher);
  // How long passes of about so many rows take.
  await first.evaluate(someTokens(30), 1, copyRows);
  first.close();
  const before = context.passes.length;
  const prompts = [0, 1].map(async (i) => {
    await delay(i * apart);
    const sequence = openSequence(batcher, { promptLength: 20 });
    await sequence.evaluate(someTokens(20, i + 1), 1, copyRows);
    sequence.close();
  });
  await Promise.all(prompts);
  return context.passes.slice(before).map(({ rows }) => rows);
}

describe('a first pass over prompts', () => {
  it('waits a moment for those that are about to come, where it is long', async () => {
    expect(await passesOf({})).toEqual([40]);
  });

  it('waits no longer than that', async () => {
    expect(await passesOf({ apart: 100 })).toEqual([20, 20]);
  });

  it('does not wait where it is short', async () => {
    expect(await passesOf({ passMs: 20 })).toEqual([20, 20]);
  });

  it('does not wait where prompts are read by themselves', async () => {
    const rowClass = { kind: 'strict', multiple: 1, sequences: 'together' } as const;
    expect(await passesOf({ rowClass })).toEqual([20, 20]);
  });
});
