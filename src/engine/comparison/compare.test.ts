import { describe, expect, it } from 'vitest';
import { OutriderError } from '../../errors.js';
import type { Engine } from '../engine.js';
import { localService } from '../service/in-process.js';
import { fakeEngine, finishOf } from '../testing/engine.js';
import type { FakeBackend, FakeModelOptions } from '../testing/fake-backend.js';
import { PIECES } from '../testing/fake-vocabulary.js';
import { compare } from './compare.js';
import type { CompareEvent, CompareRequest } from './events.js';

const WRITING = { prompt: { text: 'once upon a time' }, maxTokens: 40, sampling: { temperature: 0 }, seed: 3 } as const;
const REQUEST: CompareRequest = WRITING;

async function pairOf(draft: FakeModelOptions | readonly FakeModelOptions[] | undefined, parallel = 2) {
  const { engine, backend } = await fakeEngine({ draft, parallel });
  return { engine, service: serviceOf(engine, backend) };
}

function serviceOf(engine: Engine, backend: FakeBackend) {
  return localService(engine, backend, { target: 'target.gguf' });
}

type Event<Type extends CompareEvent['type']> = Extract<CompareEvent, { type: Type }>;

async function comparedBy(
  service: ReturnType<typeof serviceOf>,
  changes: Partial<CompareRequest> = {},
): Promise<{ events: CompareEvent[]; comparison: Event<'comparison'>; ends: Record<string, Event<'end'>> }> {
  const events: CompareEvent[] = [];
  for await (const event of compare(service, { ...REQUEST, ...changes })) events.push(event);
  const last = events.at(-1);
  if (last?.type !== 'comparison') throw new Error(`the last event is ${last?.type}`);
  const ends = events.filter((event) => event.type === 'end');
  return { events, comparison: last, ends: Object.fromEntries(ends.map((end) => [end.side, end])) };
}

describe('comparing', () => {
  it('streams both answers, each what its model writes alone', async () => {
    const { engine, service } = await pairOf({ drift: 0.3 });
    const { events, ends } = await comparedBy(service);
    expect(events[0]).toEqual({
      type: 'start',
      seed: 3,
      sides: [
        { side: 'main', model: 'target' },
        { side: 'draft', model: 'draft1' },
      ],
    });
    for (const side of ['main', 'draft'] as const) {
      const texts = events.flatMap((event) => (event.type === 'text' && event.side === side ? [event] : []));
      const { text, completionTokens } = await finishOf(engine, { ...WRITING, mode: side });
      expect(texts.map((event) => event.text).join('')).toBe(text);
      expect(ends[side]).toMatchObject({ text, tokens: completionTokens });
      expect(texts.at(-1)!.tokens).toBeLessThanOrEqual(completionTokens);
    }
    const sides = events.flatMap((event) => (event.type === 'text' ? [event.side] : []));
    expect(sides.lastIndexOf('main')).toBeGreaterThan(sides.indexOf('draft'));
    expect(sides.lastIndexOf('draft')).toBeGreaterThan(sides.indexOf('main'));
  });

  it('finds a draft model that is the target itself the same, each token accepted', async () => {
    const { service } = await pairOf({});
    const { comparison, ends } = await comparedBy(service);
    expect(comparison.divergence).toBeNull();
    expect(comparison.agreement).toMatchObject({ judged: ends.draft!.tokens, accepted: ends.draft!.tokens });
    expect(comparison.tokens.map(({ wanted }) => wanted)).toEqual(comparison.tokens.map(() => null));
    for (const { target, draft } of comparison.tokens) expect(draft).toBeCloseTo(target, 10);
  });

  const strangers: Record<string, FakeModelOptions> = {
    'that often errs': { drift: 0.3 },
    'with other ids': { drift: 0.3, pieces: [...PIECES].reverse() },
  };
  for (const [name, draft] of Object.entries(strangers)) {
    it(`judges a draft model ${name} behind its own text`, async () => {
      const { engine, service } = await pairOf(draft);
      const { comparison, ends } = await comparedBy(service);
      const { tokens, agreement, divergence } = comparison;
      expect(tokens.map(({ text }) => text).join('')).toBe(ends.draft!.text);
      expect(agreement.judged).toBe(tokens.length);
      expect(agreement.accepted).toBeGreaterThan(0);
      expect(agreement.accepted).toBeLessThan(tokens.length);
      // The first token that the target would not have written is where the texts part.
      const first = tokens.findIndex(({ accepted }) => !accepted);
      expect(divergence).toMatchObject({ token: first, draft: tokens[first]!.text, main: tokens[first]!.wanted! });
      const common = ends.main!.text.slice(0, divergence!.character);
      expect(ends.draft!.text.startsWith(common)).toBe(true);
      // What the target would say behind a beginning of the draft's text, it says when it is asked to.
      const { tokens: written } = await finishOf(engine, { ...WRITING, mode: 'draft' });
      const { pair } = engine.models.drafts[0]!;
      const begun = written.slice(0, first + 4).map((token) => pair.toTarget(token)!);
      const prompt = { tokens: [...engine.tokenize(WRITING.prompt).tokens, ...begun] };
      const { text } = await finishOf(engine, { ...WRITING, prompt, mode: 'main', maxTokens: 1 });
      const next = tokens[first + 4]!;
      expect(text).toBe(next.wanted ?? next.text);
    });
  }

  it('ends both answers where the context does, also where an engine lets others go on', async () => {
    const { engine, backend } = await fakeEngine({ draft: { drift: 0.3 }, contextSize: 48, contextShift: true });
    const { comparison, ends } = await comparedBy(serviceOf(engine, backend), { maxTokens: 100 });
    const { length } = engine.tokenize(WRITING.prompt).tokens;
    expect([ends.main!.tokens, ends.draft!.tokens]).toEqual([48 - length, 48 - length]);
    expect(comparison.agreement.judged).toBe(48 - length);
  });

  it('judges the text of a draft model whose tokens the target lacks as the target would cut it', async () => {
    const { service } = await pairOf({ drift: 0.3, pieces: [...PIECES, 'x', 'e', 'an', 'er', 'ar', 'al'] });
    const { tokens, agreement } = (await comparedBy(service)).comparison;
    expect(agreement.judged).toBe(tokens.length);
    expect(tokens.map(({ draft }) => draft)).toContainEqual(expect.any(Number));
  });

  it('judges by chances where tokens are drawn', async () => {
    const { service } = await pairOf({ drift: 0.3 });
    const sampling = { temperature: 1, topK: 0, topP: 1, minP: 0 };
    const { tokens, agreement } = (await comparedBy(service, { sampling })).comparison;
    for (const { acceptance, target, draft } of tokens) expect(acceptance).toBeCloseTo(Math.min(1, target / draft!), 6);
    const mean = tokens.reduce((sum, { acceptance }) => sum + acceptance, 0) / tokens.length;
    expect(agreement.expectedAcceptance).toBeCloseTo(mean, 10);
    expect(agreement.expectedSpeedup).toBeGreaterThanOrEqual(1);
  });

  it('judges an end that the draft model has written', async () => {
    const { service } = await pairOf({ endBias: 40 });
    const { comparison, ends } = await comparedBy(service);
    expect(ends.draft).toMatchObject({ finishReason: 'stop', text: '' });
    expect(comparison.tokens).toEqual([expect.objectContaining({ accepted: false, wanted: expect.any(String) })]);
    expect(comparison.divergence).toMatchObject({ token: 0, character: 0, draft: '' });
  });

  it('lets the sides take turns where it is asked to, or where there is one place', async () => {
    const { service } = await pairOf({ drift: 0.3 });
    const { events } = await comparedBy(service, { order: 'in turn' });
    const order = events.flatMap((event) => (event.type === 'text' || event.type === 'end' ? [event.side] : []));
    expect(order.lastIndexOf('main')).toBeLessThan(order.indexOf('draft'));
    const { comparison } = await comparedBy((await pairOf({ drift: 0.3 }, 1)).service);
    expect(comparison.agreement.judged).toBe(40);
  });

  it('throws what is wrong with the request before anything else', async () => {
    const { service } = await pairOf({});
    const failing = async (request: Partial<CompareRequest>, from = service) =>
      compare(from, { ...REQUEST, ...request }).next();
    await expect(failing({ maxTokens: -1 })).rejects.toThrow('maxTokens: expected');
    await expect(failing({ draft: 'nobody' })).rejects.toThrow("draft: expected one of draft1, got 'nobody'");
    await expect(failing({}, (await pairOf(undefined)).service)).rejects.toThrow('comparing needs a draft model');
  });

  it('ends with its signal, and when nobody listens any more; both sides then have ended', async () => {
    const { service } = await pairOf({ drift: 0.3 });
    const stop = new AbortController();
    const events: CompareEvent[] = [];
    for await (const event of compare(service, { ...REQUEST, maxTokens: 400 }, stop.signal)) {
      events.push(event);
      if (events.length === 10) stop.abort();
    }
    expect(events.filter(({ type }) => type === 'end').map((end) => (end as Event<'end'>).finishReason)).toEqual([
      'aborted',
      'aborted',
    ]);
    for await (const event of compare(service, { ...REQUEST, maxTokens: 400 })) if (event.type === 'text') break;
    await expect.poll(async () => (await service.status()).running).toBe(0);
  });

  it('throws what goes wrong on one side, and stops the other', async () => {
    const { service } = await pairOf({ drift: 0.3 });
    const broken = Object.assign(Object.create(service), {
      generate: (request: Parameters<typeof service.generate>[0], signal?: AbortSignal) =>
        request.mode === 'draft' ? failing() : service.generate(request, signal),
    });
    async function* failing() {
      yield { type: 'error' as const, error: new OutriderError('backend_failed', 'it broke') };
    }
    await expect(comparedBy(broken, { maxTokens: 400 })).rejects.toThrow('it broke');
    await expect.poll(async () => (await service.status()).running).toBe(0);
  });
});
