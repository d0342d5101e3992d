import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Updates } from './updates.js';

function deferred() {
  let resolve = (): void => {};
  let reject = (_: Error): void => {};
  const promise = new Promise<void>((onward, back) => {
    resolve = onward;
    reject = back;
  });
  return { promise, resolve, reject };
}

describe('Updates', () => {
  it('hands over what comes while it waits, and ends with what it waits for', async () => {
    const updates = new Updates<number>();
    const done = deferred();
    const seen: number[] = [];
    const reading = (async () => {
      for await (const value of updates.until(done.promise)) seen.push(value);
    })();
    for (const value of [1, 2, 3]) {
      updates.push(value);
      await turn();
    }
    done.resolve();
    await reading;
    expect(seen).toEqual([1, 2, 3]);
  });

  it('keeps only the latest of those that come while nobody waits', async () => {
    const updates = new Updates<number>();
    const done = deferred();
    updates.push(1);
    const reader = updates.until(done.promise);
    updates.push(2);
    expect((await reader.next()).value).toBe(2);
    updates.push(3);
    updates.push(4);
    expect((await reader.next()).value).toBe(4);
    done.resolve();
    expect((await reader.next()).done).toBe(true);
  });

  it('ends when what it waits for fails, which is left to whoever awaits that', async () => {
    const updates = new Updates<number>();
    const done = deferred();
    const reading = updates.until(done.promise).next();
    done.reject(new Error('failed'));
    expect((await reading).done).toBe(true);
    await expect(done.promise).rejects.toThrow('failed');
  });

  it('may be left at any time, also before a failure that nobody awaits', async () => {
    const updates = new Updates<number>();
    const done = deferred();
    updates.push(1);
    for await (const _ of updates.until(done.promise)) break;
    done.reject(new Error('failed'));
    await turn();
  });
});
