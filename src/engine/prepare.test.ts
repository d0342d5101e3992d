import { describe, expect, it } from 'vitest';
import type { GenerationRequest } from './request.js';
import { eventsOf, fakeEngine } from './testing/engine.js';

const prompt = { text: 'once' };

/** What no request may ask for, with the parameter that the refusal names. */
const REFUSED: readonly (readonly [parameter: string, request: unknown])[] = [
  ['mode', { mode: 'fast' }],
  ['prompt', { prompt: { tokens: [1, -1] } }],
  ['prompt', { prompt: { tokens: [1e6] } }],
  ['prompt', { prompt: { tokens: [1.5] } }],
  ['maxTokens', { maxTokens: -1 }],
  ['maxTokens', { maxTokens: 1.5 }],
  ['maxTokens', { maxTokens: Number.NaN }],
  ['maxTokens', { maxTokens: Number.POSITIVE_INFINITY }],
  ['maxTokens', { maxTokens: '16' }],
  ['stop', { stop: [''] }],
  ['stop', { stop: ['fine', 5] }],
  ['stop', { stop: 'text' }],
  ['stop', { stop: ['half \uD83D'] }],
  ['seed', { seed: -1 }],
  ['seed', { seed: 1.5 }],
  ['seed', { seed: 2 ** 53 }],
  ['seed', { seed: true }],
  ['verification', { verification: 'lucky' }],
  ['verification', { verification: 'rejection', seed: 1 }],
  ['verification', { verification: 'block', seed: 0 }],
  ['verification', { verification: 'block', sampling: { mirostat: 'v2' } }],
  ['draft.max', { draft: { max: -1 } }],
  ['draft.max', { draft: { max: 2.5 } }],
  ['draft.max', { draft: { max: Number.NaN } }],
  ['draft.max', { draft: { max: null } }],
  ['draft.min', { draft: { min: -1 } }],
  ['draft.min', { draft: { min: 8, max: 3 } }],
  ['draft.minConfidence', { draft: { minConfidence: -0.1 } }],
  ['draft.minConfidence', { draft: { minConfidence: 1.5 } }],
  ['draft.minConfidence', { draft: { minConfidence: Number.NaN } }],
  ['temperature', { sampling: { temperature: -1 } }],
  ['temperature', { sampling: { temperature: Number.NaN } }],
  ['topP', { sampling: { topP: 2 } }],
  ['topK', { sampling: { topK: -1 } }],
  ['logitBias', { sampling: { logitBias: new Map([[1e6, 1]]) } }],
  ['logitBias', { sampling: { logitBias: new Map([[-1, 1]]) } }],
  ['logitBias', { sampling: { logitBias: new Map([[1, Number.NaN]]) } }],
];

describe('a request that cannot be understood', () => {
  for (const mode of ['main', 'speculative'] as const) {
    it.each(REFUSED)(
      `is refused at the first event, before anything runs (${mode}): %s, %j`,
      async (parameter, bad) => {
        const { engine, target } = await fakeEngine({ draft: {} });
        await expect(eventsOf(engine, { prompt, mode, ...(bad as Partial<GenerationRequest>) })).rejects.toMatchObject({
          code: 'invalid_argument',
          message: expect.stringContaining(parameter.replace('draft.', '')),
          details: { parameter },
        });
        expect(target.contexts[0]!.passes).toHaveLength(0);
        expect((await eventsOf(engine, { prompt, maxTokens: 1 })).at(-1)).toMatchObject({ type: 'finish' });
      },
    );
  }

  it('is one whose prompt fills the context', async () => {
    const { engine } = await fakeEngine({ contextSize: 16 });
    await expect(eventsOf(engine, { prompt: { text: 'x'.repeat(20) } })).rejects.toMatchObject({
      code: 'context_exceeded',
      details: { promptTokens: 21, contextSize: 16 },
    });
  });
});

describe('a request that says little', () => {
  it('gets the defaults', async () => {
    const { engine } = await fakeEngine({ draft: {} });
    const [start] = await eventsOf(engine, { prompt });
    expect(start).toMatchObject({ mode: 'speculative', seedOrigin: 'drawn', verification: 'auto', notes: [] });
  });

  it('has its undefined values taken as absent', async () => {
    const { engine } = await fakeEngine({ draft: {} });
    const request = { prompt, draft: { max: undefined, min: undefined, minConfidence: undefined }, stop: undefined };
    const [start] = await eventsOf(engine, request as unknown as GenerationRequest);
    expect(start).toMatchObject({ type: 'start' });
  });

  it('with an empty prompt goes on from the beginning of a text', async () => {
    const { engine } = await fakeEngine();
    for (const empty of [{ text: '' }, { tokens: [] }]) {
      const events = await eventsOf(engine, { prompt: empty, maxTokens: 2 });
      expect(events[0]).toMatchObject({ type: 'start', promptTokens: 1 });
      expect(events.at(-1)).toMatchObject({ type: 'finish' });
    }
  });

  it('is sampled as the model\u2019s file recommends, unless it says otherwise', async () => {
    const metadata = new Map([['general.sampling.temp', '0']]);
    const { engine } = await fakeEngine({ target: { metadata, endBias: -30 } });
    const textOf = async (seed: number, sampling = {}) =>
      (await eventsOf(engine, { prompt, seed, sampling, maxTokens: 20 })).at(-1);
    const greedy = await textOf(1);
    expect(await textOf(2)).toMatchObject({ text: (greedy as { text: string }).text });
    expect(await textOf(1, { temperature: 2 })).not.toMatchObject({ text: (greedy as { text: string }).text });
  });

  it('drafts with a drafter of its own where no draft model is loaded', async () => {
    const { engine } = await fakeEngine({ target: { endBias: -30 } });
    const closed: string[] = [];
    const drafter = {
      name: 'guess',
      propose: async () => ({ tokens: [262], confidences: [1] }),
      observe: () => {},
      close: () => closed.push('guess'),
    };
    const events = await eventsOf(engine, { prompt, drafter, seed: 1, maxTokens: 20 });
    expect(events[0]).toMatchObject({ mode: 'speculative' });
    const finish = events.at(-1)!;
    if (finish.type !== 'finish') expect.fail();
    expect(finish.statistics.drafted).toBeGreaterThan(0);
    expect(closed).toEqual([]);
    expect((await eventsOf(engine, { prompt, seed: 1, maxTokens: 20 })).at(-1)).toMatchObject({ text: finish.text });
  });
});
