/** Requests that draft models write, beside those of the target. */
import { describe, expect, it } from 'vitest';
import { localService } from './service/in-process.js';
import { eventsOf, type FakeEngineOptions, fakeEngine, finishOf, loading } from './testing/engine.js';

const pair: FakeEngineOptions = { target: { endBias: -100 }, draft: { drift: 0.2, endBias: -100 }, contextSize: 1024 };
const prompt = { text: 'once upon a time' };

describe('a request that a draft model writes', () => {
  it('begins and ends while the target’s only place is taken', async () => {
    const { engine } = await fakeEngine(pair);
    const long = engine.generate({ prompt });
    for (let i = 0; i < 5; i++) await long.next();
    const events = await eventsOf(engine, { prompt, mode: 'draft', maxTokens: 30 });
    expect(events[0]).toMatchObject({ type: 'start', mode: 'draft' });
    expect(events.at(-1)).toMatchObject({ type: 'finish', completionTokens: 30 });
    expect((await long.next()).done).toBe(false);
    await long.return();
  });

  it('takes nothing from the target’s: both places are taken, and both queues are in order', async () => {
    const { engine } = await fakeEngine({ ...pair, queue: 1 });
    const held = [];
    for (const mode of ['main', 'draft'] as const) {
      const holder = engine.generate({ prompt, mode });
      await holder.next();
      held.push(holder);
    }
    const waiting = (['main', 'draft'] as const).map((mode) => engine.generate({ prompt, mode, maxTokens: 3 }));
    for (const one of waiting) expect((await one.next()).value).toEqual({ type: 'queued', ahead: 0 });
    for (const mode of ['main', 'draft'] as const) {
      await expect(engine.generate({ prompt, mode }).next()).rejects.toMatchObject({ code: 'queue_full' });
    }
    await held[1]!.return();
    const types = [];
    for await (const { type } of waiting[1]!) types.push(type);
    expect(types.at(-1)).toBe('finish');
    await held[0]!.return();
    for await (const { type } of waiting[0]!) types.push(type);
    expect(types.at(-1)).toBe('finish');
  });

  it('says what it would say alone, whatever runs beside it', async () => {
    const { engine } = await fakeEngine({ ...pair, parallel: 2 });
    const request = { prompt, maxTokens: 40, seed: 5 };
    const modes = ['draft', 'speculative', 'draft', 'main'] as const;
    const alone = [];
    for (const mode of modes) alone.push((await finishOf(engine, { ...request, mode })).tokens);
    const together = await Promise.all(modes.map((mode) => finishOf(engine, { ...request, mode })));
    expect(together.map(({ tokens }) => tokens)).toEqual(alone);
  });

  it('begins with what the model has drafted, which drafts with what it has written', async () => {
    const { engine, draft } = await fakeEngine(pair);
    const drafts = { min: 4, max: 4 };
    const first = await finishOf(engine, { prompt, maxTokens: 40, seed: 1, draft: drafts });
    const said = [...engine.tokenize(prompt).tokens, ...first.tokens];
    const written = await finishOf(engine, { prompt: { tokens: said }, mode: 'draft', maxTokens: 40, seed: 1 });
    expect(written.cachedTokens).toBeGreaterThan(said.length - 6);
    draft!.contexts[0]!.passes.length = 0;
    const tokens = [...said, ...written.tokens];
    await finishOf(engine, { prompt: { tokens }, maxTokens: 8, seed: 1, draft: drafts });
    expect(draft!.contexts[0]!.passes[0]!.parts[0]!.position).toBeGreaterThan(tokens.length - 6);
  });
});

describe('the writer', () => {
  it('is the largest draft model unless another is named', async () => {
    const { engine } = await fakeEngine({ ...pair, draft: [{ drift: 0.2 }, { drift: 3, seed: 9 }] });
    const textOf = async (writer?: string): Promise<string> =>
      (await finishOf(engine, { prompt, mode: 'draft', maxTokens: 30, seed: 1, ...(writer && { writer }) })).text;
    expect(await textOf('draft1')).toBe(await textOf());
    expect(await textOf('draft2')).not.toBe(await textOf());
  });

  it('is refused where no draft model has that name, in every mode', async () => {
    const { engine } = await fakeEngine(pair);
    for (const mode of ['draft', 'main', 'speculative'] as const) {
      await expect(finishOf(engine, { prompt, mode, writer: 'target' })).rejects.toMatchObject({
        code: 'invalid_argument',
        message: 'writer: expected the name of a draft model (draft1), got "target"',
        details: { parameter: 'writer' },
      });
    }
    const { engine: bare } = await fakeEngine();
    await expect(finishOf(bare, { prompt, writer: 'draft1' })).rejects.toThrow(/no draft model is loaded/);
  });
});

describe('places', () => {
  it('are no more than sequences of a context', async () => {
    const { loaded } = await loading({ ...pair, parallel: 129 });
    await expect(loaded).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'parallel: expected at most 128 with 1 draft model, got 129',
    });
  });

  it('show as slots of both models, ids going on from the one to the other', async () => {
    const { engine, backend } = await fakeEngine({ ...pair, parallel: 2 });
    const service = localService(engine, backend, { target: 'target.gguf', parallel: 2 });
    expect(service.description).toMatchObject({ parallel: 2, queue: 64 });
    const running = [service.generate({ prompt }), service.generate({ prompt, mode: 'draft' })];
    for (const one of running) for (let i = 0; i < 8; i++) await one.next();
    const { slots, running: count } = await service.status();
    expect(count).toBe(2);
    expect(slots.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(slots.map(({ role, model }) => `${role} ${model}`)).toEqual([
      ...Array(2).fill('target target'),
      ...Array(4).fill('draft draft1'),
    ]);
    const busy = slots.filter(({ state }) => state === 'busy');
    // The target's, one that drafts for it, and one that writes.
    expect(busy.map(({ role }) => role)).toEqual(['target', 'draft', 'draft']);
    for (const { cachedTokens } of busy.filter(({ role }) => role === 'target'))
      expect(cachedTokens).toBeGreaterThan(0);
    await Promise.all(running.map((one) => one.return()));
  });
});

describe('cache types', () => {
  it('that are unknown are refused, by the option’s name', async () => {
    for (const parameter of ['cacheTypeK', 'cacheTypeV', 'draftCacheTypeK', 'draftCacheTypeV'] as const) {
      const { loaded } = await loading({ ...pair, [parameter]: 'q2_k' as 'q8_0' });
      await expect(loaded).rejects.toMatchObject({ code: 'invalid_argument', details: { parameter } });
    }
  });
});
