import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FinishEvent } from './events.js';
import { eventsOf, fakeEngine, finishOf } from './testing/engine.js';
import { FAKE } from './testing/fake-vocabulary.js';

const pair = { target: { endBias: -100 }, draft: { drift: 0.2 } };
const sampling = { temperature: 0 };

describe('a chat that goes on', () => {
  it('is evaluated from where it went on, by target and draft', async () => {
    const { engine, target, draft } = await fakeEngine({ ...pair, contextSize: 1024 });
    const request = { maxTokens: 40, sampling, draft: { min: 4, max: 4 } };
    const first = await finishOf(engine, { ...request, prompt: { text: 'once upon a time '.repeat(10) } });
    expect(first.cachedTokens).toBe(0);
    const written = engine.tokenize({ text: 'once upon a time '.repeat(10) }).tokens;
    const tokens = [...written, ...first.tokens, ...engine.tokenize({ text: 'go on' }).tokens];
    for (const model of [target, draft!]) model.contexts[0]!.passes.length = 0;
    const events = await eventsOf(engine, { ...request, prompt: { tokens } });
    const second = events.at(-1) as FinishEvent;
    // All but the last token of the answer were in the cache.
    expect(second.cachedTokens).toBe(written.length + first.tokens.length - 1);
    expect(events[0]).toMatchObject({ type: 'start', cachedTokens: second.cachedTokens });
    expect(target.contexts[0]!.passes[0]!.rows).toBe(tokens.length - second.cachedTokens!);
    expect(draft!.contexts[0]!.passes[0]!.parts[0]!.position).toBeGreaterThan(written.length);
  });

  it('says the same as one that is evaluated from the beginning, whatever was before', async () => {
    const words = fc.array(fc.constantFrom(' the', ' a', 'x', ' end', 'ü', ' and'), { maxLength: 30 });
    const { engine } = await fakeEngine({ ...pair, contextSize: 1024, parallel: 2 });
    await fc.assert(
      fc.asyncProperty(fc.array(words, { minLength: 1, maxLength: 4 }), fc.nat(30), async (parts, maxTokens) => {
        let text = '';
        for (const part of parts) {
          text += part.join('');
          const request = { prompt: { text }, maxTokens, seed: 1 };
          const warm = await finishOf(engine, request);
          const cold = await finishOf(engine, { ...request, cachePrompt: false });
          expect(warm.tokens).toEqual(cold.tokens);
          expect(cold.cachedTokens).toBe(0);
          text += warm.text;
        }
      }),
      { seed: 1, numRuns: 30 },
    );
  });

  it('finds its cells again between others', async () => {
    const { engine } = await fakeEngine({ ...pair, contextSize: 1024, parallel: 2 });
    const chats = ['one '.repeat(20), 'two '.repeat(20)];
    for (let turn = 0; turn < 3; turn++) {
      for (const [i, text] of chats.entries()) {
        const { cachedTokens, text: answer } = await finishOf(engine, { prompt: { text }, maxTokens: 10, seed: 1 });
        if (turn > 0) expect(cachedTokens).toBeGreaterThan(80);
        chats[i] = `${text}${answer} more`;
      }
    }
  });

  it('is left in the cache by whoever goes away in the middle', async () => {
    const { engine } = await fakeEngine({ ...pair, contextSize: 1024 });
    const request = { prompt: { text: 'some words '.repeat(20) }, maxTokens: 30, sampling };
    for await (const { type } of engine.generate(request)) if (type === 'round') break;
    const { cachedTokens, promptTokens } = await finishOf(engine, request);
    expect(cachedTokens).toBe(promptTokens - 1);
  });
});

describe('the queue', () => {
  it('refuses whoever finds it full, before anything of the request happens', async () => {
    const { engine } = await fakeEngine({ ...pair, queue: 1 });
    const prompt = { tokens: [FAKE.bos] };
    const running = engine.generate({ prompt });
    await running.next();
    const waiting = eventsOf(engine, { prompt, maxTokens: 1 });
    await expect(engine.generate({ prompt }).next()).rejects.toMatchObject({ code: 'queue_full' });
    await running.return();
    expect((await waiting).map(({ type }) => type)).toContain('finish');
    await finishOf(engine, { prompt, maxTokens: 1 });
  });
});
