import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { positionNoise, type Token } from '../speculative/index.js';
import type { GenerationEvent, TokenLogprob } from './events.js';
import type { GenerationRequest } from './request.js';
import { eventsOf, fakeEngine, finishOf } from './testing/engine.js';
import { ROUNDING } from './testing/fake-rounding.js';
import { FAKE } from './testing/fake-vocabulary.js';

const pair = { target: { endBias: -100 }, draft: { drift: 0.2 } };
const draws = { temperature: 0.9, topK: 0, topP: 1, minP: 0 };
const text = (count: number, start: number): Token[] =>
  Array.from({ length: count }, (_, i) => FAKE.firstByte + ((start * 37 + i * 11) % 256));

describe('a chat that outgrows its context', () => {
  const system = [FAKE.bos, ...text(30, 0)];

  it('costs the new turn alone when the front end cuts the oldest, in the caches of target and draft', async () => {
    const { engine, target, draft } = await fakeEngine({ ...pair, contextSize: 400 });
    const turns: Token[][] = [];
    let isCut = false;
    for (let turn = 1; turn <= 60; turn++) {
      const message = text(12, turn);
      turns.push(message);
      while (system.length + turns.flat().length > 400 - 20) isCut = turns.shift() !== undefined;
      const prompt = { tokens: [...system, ...turns.flat()] };
      const sampling = { temperature: 0 };
      const finish = await finishOf(engine, { prompt, maxTokens: 20, sampling, draft: { min: 4, max: 4 } });
      const { promptTokens, cachedTokens = 0, shifted = 0, drafts = [], completionTokens, statistics } = finish;
      if (turn === 1) expect(cachedTokens).toBe(0);
      // The last token of an answer was never evaluated.
      else expect(promptTokens - cachedTokens).toBe(message.length + 1);
      expect(shifted).toBe(isCut ? cachedTokens - system.length : 0);
      const [drafting] = drafts;
      expect(drafting!.cachedTokens).toBeGreaterThanOrEqual(turn === 1 ? 0 : promptTokens - message.length - 6);
      const most = promptTokens - drafting!.cachedTokens + completionTokens + statistics.drafted;
      expect(drafting!.evaluatedTokens).toBeLessThanOrEqual(most);
      turns.push([...finish.tokens]);
    }
    for (const { contexts } of [target, draft!]) expect(contexts[0]!.passes.length).toBeGreaterThan(60);
  });

  it('is evaluated again where that was asked for, under strict, and where the model cannot shift, which is said', async () => {
    const first = { prompt: { tokens: [...system, ...text(200, 1)] }, maxTokens: 1 };
    const cut = { prompt: { tokens: [...system, ...text(200, 1).slice(50), ...text(9, 2)] }, maxTokens: 1 };
    const shiftedIn = async (options: Parameters<typeof fakeEngine>[0], request: Partial<GenerationRequest> = {}) => {
      const { engine } = await fakeEngine({ contextSize: 400, ...options });
      await finishOf(engine, first);
      const { shifted, cachedTokens } = await finishOf(engine, { ...cut, ...request });
      return { shifted, cachedTokens, notes: engine.models.notes };
    };
    expect(await shiftedIn(pair)).toEqual({ shifted: 150, cachedTokens: 181, notes: [] });
    expect(await shiftedIn(pair, { contextShift: false })).toEqual({ cachedTokens: 31, notes: [] });
    expect(await shiftedIn(pair, { cachePrompt: false })).toEqual({ cachedTokens: 0, notes: [] });
    expect(await shiftedIn({ ...pair, strict: true })).toEqual({ cachedTokens: 0, notes: [] });
    expect(await shiftedIn({ target: { canShift: false } })).toEqual({
      ...{ cachedTokens: 31, notes: [expect.stringContaining('target: its cache cannot be shifted')] },
    });
  });
});

const LONG = { prompt: { text: 'once upon a time there was a house and' }, maxTokens: 150, ignoreEndOfText: true };

describe('an answer that outgrows its context', () => {
  it('ends there unless both the engine and the request allow more', async () => {
    const without = await fakeEngine({ ...pair, contextSize: 64 });
    const ended = await finishOf(without.engine, LONG);
    expect(ended.promptTokens + ended.completionTokens).toBe(64);
    expect(ended).toMatchObject({ reason: 'length' });
    expect(ended).not.toHaveProperty('dropped');
    const refused = eventsOf(without.engine, { ...LONG, contextShift: true });
    await expect(refused).rejects.toMatchObject({ details: { parameter: 'contextShift' } });

    const { engine } = await fakeEngine({ ...pair, contextSize: 64, contextShift: true });
    const { maxTokens: _, ...unlimited } = LONG;
    for (const request of [unlimited, { ...LONG, contextShift: false }]) {
      expect((await finishOf(engine, request)).completionTokens).toBe(ended.completionTokens);
    }
    const { completionTokens, dropped, tokens, text: written } = await finishOf(engine, LONG);
    expect([completionTokens, tokens.length]).toEqual([150, 150]);
    expect(dropped).toBeGreaterThan(90);
    expect(written.length).toBeGreaterThan(100);
  });

  it.each([
    ['greedy', { temperature: 0 }],
    ['drawn', draws],
    ['with penalties', { ...draws, repeatPenalty: 1.3, dryMultiplier: 0.8 }],
    ['XTC', { ...draws, xtcProbability: 0.5 }],
    ['mirostat', { ...draws, mirostat: 'v2' as const }],
  ])('is the same with and without drafts, and its drafts go on: %s', async (_, sampling) => {
    const { engine } = await fakeEngine({ ...pair, contextSize: 96, contextShift: true });
    const request = { ...LONG, maxTokens: 300, seed: 7, sampling, draft: { min: 3, max: 3 } };
    const main = await finishOf(engine, { ...request, mode: 'main' });
    const events = await eventsOf(engine, { ...request, mode: 'speculative' });
    const finish = events.at(-1);
    if (finish?.type !== 'finish') expect.fail();
    expect(finish.tokens).toEqual(main.tokens);
    expect([finish.shifted! > 0, main.shifted]).toEqual([true, finish.shifted]);
    const rounds = events.filter((event) => event.type === 'round');
    expect(rounds.slice(-20).some(({ accepted }) => accepted > 0)).toBe(true);
    // Positions count the whole text, and each round begins where the one before it ended.
    let position = finish.promptTokens;
    for (const round of rounds) {
      expect(round.position).toBe(position);
      position += round.tokens.length;
    }
    // The draft evaluates the text, what it drafted, and at each slide what its cache had not yet: never all again.
    const { drafted } = finish.statistics;
    expect(finish.drafts![0]!.evaluatedTokens).toBeLessThanOrEqual(finish.promptTokens + 300 + drafted + 8 * 3);
  });

  it('leaves what the request keeps, and the end of the text, in both caches', async () => {
    for (const [keepTokens, kept] of [
      [undefined, 1],
      [0, 1],
      [7, 7],
      ['prompt', 31],
      [1000, 31],
    ] as const) {
      const options = { ...pair, contextSize: 128, contextShift: true };
      const { engine, target, draft } = await fakeEngine(options);
      const request = {
        ...LONG,
        maxTokens: 300,
        ...(keepTokens !== undefined && { keepTokens }),
        draft: { min: 2, max: 2 },
      };
      const { tokens, shifted } = await finishOf(engine, request);
      expect(shifted).toBeGreaterThan(100);
      const prompt = engine.tokenize(LONG.prompt).tokens;
      expect(prompt).toHaveLength(31);
      const whole = [...prompt, ...tokens];
      for (const model of [target, draft!]) {
        const [context] = model.contexts;
        const caches = Array.from({ length: context!.sequences }, (_, id) => context!.tokensOf(id));
        const cached = caches.find(([first]) => first === FAKE.bos)!;
        expect(cached.slice(0, kept)).toEqual(whole.slice(0, kept));
        const tail = cached.slice(kept, -4);
        const at = whole.length - 4 - tail.length;
        expect(Math.min(...[-3, -2, -1, 0, 1, 2, 3].map((by) => mismatches(whole.slice(at + by), tail)))).toBe(0);
      }
    }
  });

  it('draws with other noise for every token, however often the context slides', async () => {
    const { engine } = await fakeEngine({ ...pair, contextSize: 48, contextShift: true });
    const request = {
      ...LONG,
      prompt: { text: 'x' },
      maxTokens: 400,
      seed: 11,
      sampling: draws,
      mode: 'main',
    } as const;
    const { tokens, dropped = 0, promptTokens } = await finishOf(engine, request);
    expect(dropped).toBeGreaterThan(300);
    // The token that the noise alone would favour is drawn more often than by chance where it is that of the position.
    const noise = positionNoise(11);
    const rank = (position: number, token: Token): number => noise.exponential(position, token);
    const own = tokens.reduce((sum, token, i) => sum + rank(promptTokens + i, token), 0) / tokens.length;
    const shifted = tokens.reduce((sum, token, i) => sum + rank(promptTokens + i + 17, token), 0) / tokens.length;
    expect(own).toBeLessThan(0.75 * shifted);
  });

  it('under strict is evaluated again, resumes as it was, and is the same in every mode', async () => {
    const target = { ...pair.target, rounding: ROUNDING.loneRows, roundingSize: 2 };
    const options = { ...pair, target, contextSize: 700, contextShift: true, strict: true };
    for (const sampling of [{ temperature: 0 }, { ...draws, mirostat: 'v2' as const }]) {
      const prompt = { tokens: text(650, 3) };
      const request = { ...LONG, prompt, maxTokens: 450, seed: 3, sampling, keepTokens: 20, draft: { min: 3, max: 3 } };
      const { engine } = await fakeEngine(options);
      const whole = await finishOf(engine, request);
      expect(whole.dropped).toBeGreaterThan(300);
      expect(whole).not.toHaveProperty('shifted');
      expect((await finishOf(engine, { ...request, mode: 'main' })).tokens).toEqual(whole.tokens);
      const other = await fakeEngine(options);
      for (const count of [1, 50, 51, 300, 440]) {
        const { tokens } = await finishOf(other.engine, { ...request, resume: whole.tokens.slice(0, count) });
        expect(tokens, `${count} tokens`).toEqual(whole.tokens);
      }
    }
  });

  it('keeps its banned texts and its log-probabilities', async () => {
    const { engine } = await fakeEngine({ ...pair, contextSize: 64, contextShift: true });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(['e'], ['a', 'the'], ['o', 'ab', ' ']), fc.nat(100), async (banned, seed) => {
        const request = { ...LONG, maxTokens: 200, bannedStrings: banned, logprobs: 0, seed, sampling: draws };
        const events = await eventsOf(engine, request);
        const finish = events.at(-1);
        if (finish?.type !== 'finish') expect.fail();
        for (const word of banned) {
          if (!finish.letThrough?.includes(word)) expect(finish.text.toLowerCase()).not.toContain(word);
        }
        expect(logprobsIn(events).map(({ token }) => token)).toEqual(finish.tokens);
        const main = await finishOf(engine, { ...request, mode: 'main' });
        expect(main.tokens).toEqual(finish.tokens);
      }),
      { seed: 1, numRuns: 10 },
    );
  });

  it('is aborted like any other, and its end stays in the cache', async () => {
    const { engine } = await fakeEngine({ ...pair, contextSize: 64, contextShift: true });
    const controller = new AbortController();
    let rounds = 0;
    for await (const event of engine.generate({ ...LONG, mode: 'main' }, controller.signal)) {
      if (event.type === 'round' && ++rounds === 100) controller.abort();
      if (event.type === 'finish') expect(event).toMatchObject({ reason: 'aborted', completionTokens: 100 });
    }
    await finishOf(engine, LONG);
  });
});

function mismatches(whole: readonly Token[], tail: readonly Token[]): number {
  return tail.filter((token, i) => token !== whole[i]).length;
}

function logprobsIn(events: readonly GenerationEvent[]): TokenLogprob[] {
  return events.flatMap((event) => (event.type === 'text' ? (event.logprobs ?? []) : []));
}
