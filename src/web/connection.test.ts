import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Connection } from './connection.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a server that goes and comes back is missed and found by itself', async () => {
  let answer: () => Promise<Response> = async () => Response.json({ status: 'ok' });
  const connection = new Connection(() => answer());
  const states: string[] = [];
  connection.watch(({ kind }) => states.push(kind));
  await connection.ask();
  expect(states).toEqual([]);

  answer = () => Promise.reject(new TypeError('failed to fetch'));
  connection.heard('silence');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(states).toEqual(['away']);

  answer = async () => Response.json({ error: { message: 'the models are being loaded' } }, { status: 503 });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(connection.value).toEqual({ kind: 'waiting', reason: 'the models are being loaded' });

  answer = async () => Response.json({ status: 'ok' });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(states).toEqual(['away', 'waiting', 'connected']);
  connection.close();
});

test('a restart of the engine is told', async () => {
  const connection = new Connection(async () => Response.json({ status: 'restarting', reason: 'it died' }));
  await connection.ask();
  expect(connection.value).toEqual({ kind: 'waiting', reason: 'it died' });
  connection.close();
});
