/** Requests that run at once, draft, and share their passes. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine, GenerationRequest } from '../../src/engine/index.js';
import { answer, forced, outcome } from './testing/answer.js';
import { loadPair } from './testing/pair.js';

let engine: Engine;
beforeAll(async () => {
  engine = await loadPair({ parallel: 8, contextSize: 512, strict: true });
});
afterAll(() => engine.close());

const NAMES = ['fox', 'crow', 'hare', 'mole', 'owl', 'bear', 'frog', 'deer'];

function requests(count: number, more: Partial<GenerationRequest>): GenerationRequest[] {
  return NAMES.slice(0, count).map((name, i) => ({
    prompt: { text: `Once upon a time there was a ${name}` },
    maxTokens: 60,
    ignoreEndOfText: true,
    sampling: { temperature: i % 2 === 0 ? 0 : 0.8 },
    seed: i,
    ...more,
  }));
}

it.each([1, 4, 8])('%i of them say what each says alone, however long drafts are', async (count) => {
  const alone = [];
  for (const request of requests(count, { mode: 'main' })) alone.push(outcome(await answer(engine, request)));
  for (const draft of [{}, forced(3).draft!]) {
    const together = await Promise.all(requests(count, { draft }).map((request) => answer(engine, request)));
    expect(together.map(outcome)).toEqual(alone);
    const rounds = together.flatMap(({ rounds }) => rounds);
    expect(Math.max(...rounds.map(({ draft }) => draft.tokens.length))).toBeLessThanOrEqual(draft.max ?? 16);
  }
});

it('those that draft and those that do not share their passes, too, also where some go away', async () => {
  const mixed = requests(8, {}).map(
    (request, i) => ({ ...request, mode: i % 3 === 0 ? 'main' : 'speculative' }) as const,
  );
  const alone = [];
  for (const request of mixed) alone.push(outcome(await answer(engine, request)));
  const stop = new AbortController();
  const leaving = mixed.slice(6).map((request) => answer(engine, request, stop.signal));
  const staying = mixed.slice(0, 6).map((request) => answer(engine, request));
  setTimeout(() => stop.abort(), 20);
  expect((await Promise.all(staying)).map(outcome)).toEqual(alone.slice(0, 6));
  for (const [i, { finish }] of (await Promise.all(leaving)).entries()) {
    expect(alone[6 + i]!.text.startsWith(finish.text)).toBe(true);
  }
});
