import { describe, expect, it } from 'vitest';
import type { Token } from '../speculative/index.js';
import type { Engine } from './engine.js';
import type { FinishEvent } from './events.js';
import type { GenerationRequest } from './request.js';
import { eventsOf, fakeEngine, finishOf } from './testing/engine.js';
import type { FakeVocabulary } from './testing/fake-vocabulary.js';

const GREEDY: GenerationRequest = { prompt: { text: 'count' }, sampling: { temperature: 0 } };
/** Texts that do not end by themselves. */
const endless = { endBias: -30 };

/** The text of tokens, by itself and by the book. */
function textOf(vocabulary: FakeVocabulary, tokens: readonly Token[]): string {
  const bytes = Buffer.concat(tokens.map((token) => vocabulary.bytes(token, false)));
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** How many tokens complete the first `end` characters of the text. */
function tokensUpTo(vocabulary: FakeVocabulary, tokens: readonly Token[], end: number): number {
  let count = 0;
  while (textOf(vocabulary, tokens.slice(0, count)).length < end) count++;
  return count;
}

const pick = ({ text, reason, stop, tokens, completionTokens }: FinishEvent) => ({
  text,
  reason,
  stop,
  tokens,
  completionTokens,
});

describe('a stop string and a token limit in one block', () => {
  it('give what plain decoding gives, for every limit and every length of block', async () => {
    const { engine, target } = await fakeEngine({ target: endless, draft: endless });
    const { vocabulary } = target;
    const { tokens } = await finishOf(engine, { ...GREEDY, mode: 'main', maxTokens: 30 });
    const whole = textOf(vocabulary, tokens);
    const stop = whole.slice(11, 14);
    const begin = whole.indexOf(stop);
    const stopsAfter = tokensUpTo(vocabulary, tokens, begin + stop.length);
    expect(stopsAfter).toBeLessThan(30);

    for (let limit = 1; limit <= 30; limit++) {
      const stopped = limit >= stopsAfter;
      const kept = tokens.slice(0, stopped ? stopsAfter : limit);
      const expected = {
        text: stopped ? whole.slice(0, begin) : textOf(vocabulary, kept),
        reason: stopped ? 'stop' : 'length',
        stop: stopped ? stop : undefined,
        tokens: kept,
        completionTokens: kept.length,
      };
      const request = { ...GREEDY, maxTokens: limit, stop: [stop] };
      expect(pick(await finishOf(engine, { ...request, mode: 'main' }))).toEqual(expected);
      for (let block = 1; block <= 16; block++) {
        const finish = await finishOf(engine, { ...request, draft: { min: block, max: block } });
        expect(pick(finish), `limit ${limit}, block ${block}`).toEqual(expected);
      }
    }
  });

  it('and the end token behind them: the text ends before the stop string', async () => {
    const { engine, target } = await fakeEngine({ draft: {} });
    const { tokens, text, reason, stop: none } = await finishOf(engine, { ...GREEDY, mode: 'main' });
    expect([reason, none]).toEqual(['stop', undefined]);
    expect(target.vocabulary.isEndOfGeneration(tokens.at(-1)!)).toBe(true);
    const stop = text.slice(-2);
    expect(text.indexOf(stop)).toBe(text.length - 2);
    for (let block = 1; block <= 16; block++) {
      const finish = await finishOf(engine, { ...GREEDY, stop: [stop], draft: { min: block, max: block } });
      expect(finish).toMatchObject({ reason: 'stop', stop, text: text.slice(0, -2), tokens: tokens.slice(0, -1) });
    }
  });

  it('and a stop string that never comes: nothing that was held back is lost', async () => {
    const { engine } = await fakeEngine({ draft: {} });
    const whole = await finishOf(engine, { ...GREEDY, mode: 'main' });
    for (let length = 1; length <= 8; length++) {
      const held = whole.text.slice(-length);
      const cut = whole.tokens.length - 3;
      const ended = await finishOf(engine, { ...GREEDY, stop: [`${held}QZX`], draft: { min: 8, max: 8 } });
      expect(pick(ended)).toEqual(pick(whole));
      const limited = await finishOf(engine, {
        ...GREEDY,
        stop: [`${held}QZX`],
        maxTokens: cut,
        draft: { min: 8, max: 8 },
      });
      expect(pick(limited)).toEqual(pick(await finishOf(engine, { ...GREEDY, mode: 'main', maxTokens: cut })));
    }
  });
});

describe('bytes that never become a character', () => {
  it.each([1, 2, 3, 5])('in %i tokens are one U+FFFD for each, streamed or whole', async (maxTokens) => {
    const { engine, target } = await fakeEngine({ target: endless, draft: endless });
    const lead = target.vocabulary.tokenOf('<0xF0>')!;
    const request = { ...GREEDY, maxTokens, sampling: { temperature: 0, logitBias: new Map([[lead, 100]]) } };
    for (const mode of ['main', 'speculative'] as const) {
      const events = await eventsOf(engine, { ...request, mode });
      const text = events.map((event) => (event.type === 'text' ? event.text : '')).join('');
      expect(text).toBe('\uFFFD'.repeat(maxTokens));
      expect(events.at(-1)).toMatchObject({ reason: 'length', text, completionTokens: maxTokens });
    }
  });
});

describe('the length of drafts', () => {
  /** What a request with this draft writes, and the longest draft that it verified. */
  async function run(
    engine: Engine,
    max: number,
  ): Promise<{ text: string; longest: number; draftMax: number; notes: string }> {
    const events = await eventsOf(engine, { ...GREEDY, maxTokens: 150, draft: { max, min: max } });
    const [start, finish] = [events[0]!, events.at(-1)!];
    if (start.type !== 'start' || finish.type !== 'finish') expect.fail();
    const drafts = events.map((event) => (event.type === 'round' ? event.draft.tokens.length : 0));
    return { text: finish.text, longest: Math.max(...drafts), draftMax: start.draftMax, notes: start.notes.join() };
  }

  for (const strict of [false, true]) {
    it(`at the edges changes no text; what a pass cannot hold is clamped with a word${strict ? ' (strict)' : ''}`, async () => {
      const { engine } = await fakeEngine({ target: endless, draft: endless, strict });
      const most = strict ? 47 : 63;
      const { text } = await finishOf(engine, { ...GREEDY, maxTokens: 150, mode: 'main' });
      for (const max of [0, 1, 2, 8, 31, 46, 47, 48, 62, 63, 64, 65, 512, 1e9]) {
        const outcome = await run(engine, max);
        expect(outcome, `length ${max}`).toMatchObject({ text, draftMax: Math.min(max, most) });
        expect(outcome.longest).toBe(Math.min(max, most));
        expect(outcome.notes).toMatch(max > most ? `at most ${most}` : /^$/);
      }
    });
  }

  it('is as wished with four requests at once', async () => {
    const { engine } = await fakeEngine({ target: endless, draft: endless, parallel: 4 });
    const alone = await run(engine, 63);
    expect(await Promise.all([63, 63, 63, 63].map((max) => run(engine, max)))).toEqual([alone, alone, alone, alone]);
  });
});

describe('a request that outgrows its context', () => {
  it('ends there with "length", and those beside it write their texts', async () => {
    const { engine } = await fakeEngine({ target: endless, draft: endless, parallel: 4, contextSize: 64 });
    const prompt = (length: number) => ({ tokens: Array.from({ length }, (_, i) => 262 + (i % 30)) });
    const normal = [1, 2, 3].map((seed) => ({
      ...GREEDY,
      prompt: prompt(20 + seed),
      maxTokens: 30,
      draft: { min: 8, max: 8 },
    }));
    const endlessly = { ...GREEDY, prompt: prompt(25), draft: { min: 8, max: 8 }, ignoreEndOfText: true };
    const alone = [];
    for (const request of normal) alone.push((await finishOf(engine, request)).tokens);

    const outgrowing = finishOf(engine, endlessly);
    const beside = normal.map((request) => finishOf(engine, request));
    await expect(finishOf(engine, { ...GREEDY, prompt: prompt(64) })).rejects.toMatchObject({
      code: 'context_exceeded',
    });
    const later = [...normal, endlessly].map((request) => finishOf(engine, request));

    expect(await outgrowing).toMatchObject({ reason: 'length', completionTokens: 64 - 25 });
    expect((await Promise.all(beside)).map(({ tokens }) => tokens)).toEqual(alone);
    expect((await Promise.all(later)).slice(0, 3).map(({ tokens }) => tokens)).toEqual(alone);
  });

  it('takes a prompt up to the last cell', async () => {
    const { engine } = await fakeEngine({ target: endless, contextSize: 64 });
    const tokens = Array.from({ length: 63 }, () => 262);
    expect(await finishOf(engine, { ...GREEDY, prompt: { tokens } })).toMatchObject({
      completionTokens: 1,
      reason: 'length',
    });
  });
});
