/** What the draft model writes beside a busy target. */
import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Context, Engine, GenerationRequest } from '../../src/engine/index.js';
import { answer, outcome } from './testing/answer.js';
import { loadPair } from './testing/pair.js';

const LONG = { prompt: { text: 'Once upon a time' }, maxTokens: 700, ignoreEndOfText: true, seed: 3 };
const SHORT = { prompt: { text: 'The little fox' }, maxTokens: 30, ignoreEndOfText: true, seed: 4 };

let engine: Engine;
beforeAll(async () => {
  engine = await loadPair();
});
afterAll(() => engine.close());

/** Notes what happens to a request, as it happens. */
async function note(log: string[], name: string, request: GenerationRequest): Promise<void> {
  for await (const { type } of engine.generate(request)) {
    if (type !== 'text' && type !== 'prompt') log.push(`${name} ${type}`);
  }
}

describe.each(['main', 'speculative'] as const)('while the target’s only place is taken (%s)', (mode) => {
  it('requests on the draft model come and go, one after the other, and the target goes on between them', async () => {
    const log: string[] = [];
    const long = note(log, 'target', { ...LONG, mode });
    const drafts = async (): Promise<void> => {
      for (const name of ['first', 'second', 'third']) await note(log, name, { ...SHORT, mode: 'draft' });
    };
    await Promise.all([long, drafts()]);
    expect(log.at(-1)).toBe('target finish');
    expect(log.filter((event) => event.endsWith('queued'))).toEqual([]);
    expect(log.slice(log.indexOf('first start'), log.indexOf('third finish'))).toContain('target round');
  });

  it('both texts are what they are alone', async () => {
    const requests = [
      { ...LONG, mode, maxTokens: 200 },
      { ...SHORT, mode: 'draft' as const },
    ];
    const alone = [];
    for (const request of requests) alone.push(outcome(await answer(engine, request)));
    const together = await Promise.all(requests.map(async (request) => outcome(await answer(engine, request))));
    expect(together).toEqual(alone);
  });
});

it('a second request on the draft model waits for the first, not for the target', async () => {
  const log: string[] = [];
  const requests = [
    note(log, 'target', { ...LONG, mode: 'main' }),
    note(log, 'first', { ...SHORT, mode: 'draft' }),
    note(log, 'second', { ...SHORT, mode: 'draft' }),
  ];
  await Promise.all(requests);
  expect(log).toContain('second queued');
  expect(log.indexOf('second start')).toBeGreaterThan(log.indexOf('first finish'));
  expect(log.indexOf('second finish')).toBeLessThan(log.indexOf('target finish'));
});

it('threads of the passes that run at the same time never exceed the cores', async () => {
  let running = 0;
  let most = 0;
  const watch = (context: Context): void => {
    const decode = context.decode.bind(context);
    context.decode = (count) => {
      running += context.threads;
      most = Math.max(most, running);
      const result = decode(count);
      const end = (): void => {
        running -= context.threads;
      };
      if (typeof result === 'string') end();
      else void result.then(end, end);
      return result;
    };
  };
  for (const { context } of [engine.models.target, engine.models.draft!]) watch(context);
  // Prompts of many rows run on threads of their own.
  const text = 'The fox and the crow. '.repeat(100);
  const request = { prompt: { text }, maxTokens: 5, cachePrompt: false };
  await Promise.all((['main', 'draft'] as const).map((mode) => answer(engine, { ...request, mode })));
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(availableParallelism());
});
