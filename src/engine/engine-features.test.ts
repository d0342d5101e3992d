import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Drafter } from '../speculative/index.js';
import type { GenerationEvent, TokenLogprob } from './events.js';
import type { GenerationRequest } from './request.js';
import { eventsOf, fakeEngine, finishOf } from './testing/engine.js';
import { FakeVocabulary } from './testing/fake-vocabulary.js';

const LONG: GenerationRequest = { prompt: { text: 'once upon a time' }, maxTokens: 60, seed: 5, ignoreEndOfText: true };
const FIXED = { min: 3, max: 3 };

const logprobsIn = (events: readonly GenerationEvent[]): TokenLogprob[] =>
  events.flatMap((event) => (event.type === 'text' ? (event.logprobs ?? []) : []));

describe('log-probabilities', () => {
  it('are those of plain decoding, token by token, and only where they are asked for', async () => {
    const { engine } = await fakeEngine({ draft: {} });
    const events = await eventsOf(engine, { ...LONG, logprobs: 3, draft: FIXED });
    const plain = await eventsOf(engine, { ...LONG, logprobs: 3, mode: 'main' });
    const logprobs = logprobsIn(events);
    expect(logprobs).toEqual(logprobsIn(plain));
    const finish = events.at(-1);
    if (finish?.type !== 'finish') expect.fail();
    expect(logprobs.map(({ token }) => token)).toEqual(finish.tokens);
    expect(logprobsIn(await eventsOf(engine, LONG))).toEqual([]);
  });

  it('are a softmax: the likeliest first, the token among them where it is likely', async () => {
    const { engine } = await fakeEngine();
    for (const { logprob, token, top } of logprobsIn(await eventsOf(engine, { ...LONG, logprobs: 20 }))) {
      expect(top).toHaveLength(20);
      expect(top.map((one) => one.logprob)).toEqual(top.map((one) => one.logprob).toSorted((a, b) => b - a));
      expect(top.reduce((sum, one) => sum + Math.exp(one.logprob), 0)).toBeLessThanOrEqual(1 + 1e-6);
      const listed = top.find((one) => one.token === token);
      if (listed !== undefined) expect(listed.logprob).toBe(logprob);
    }
  });

  it('are judged under every rule', async () => {
    const { engine } = await fakeEngine({ draft: {} });
    const { seed: _, ...unseeded } = LONG;
    for (const verification of ['rejection', 'block'] as const) {
      const events = await eventsOf(engine, { ...unseeded, verification, logprobs: 0, draft: FIXED });
      const finish = events.at(-1);
      if (finish?.type !== 'finish') expect.fail();
      expect(logprobsIn(events).map(({ token }) => token)).toEqual(finish.tokens);
    }
  });

  it.each([-1, 21, 1.5])('cannot be %s alternatives', async (logprobs) => {
    const { engine } = await fakeEngine();
    await expect(eventsOf(engine, { ...LONG, logprobs })).rejects.toMatchObject({ details: { parameter: 'logprobs' } });
  });
});

const vocabulary = new FakeVocabulary();
const textOf = (tokens: readonly number[]): string =>
  Buffer.concat(tokens.map((token) => vocabulary.bytes(token, false))).toString('utf8');

describe('banned texts', () => {
  it.each([['e'], ['a', 'e', 'o', ' '], ['ab', 'b']])(
    'that nobody can avoid are let through and named: %j',
    async (...bannedStrings) => {
      const { engine } = await fakeEngine({ draft: {} });
      for (const mode of ['main', 'speculative'] as const) {
        const { text, tokens, letThrough = [] } = await finishOf(engine, { ...LONG, mode, bannedStrings });
        expect(text).toBe(textOf(tokens));
        for (const banned of bannedStrings)
          if (!letThrough.includes(banned)) expect(text.toLowerCase()).not.toContain(banned);
      }
    },
  );

  it('never appear, whatever was going to be written, and the text is the same in both modes', async () => {
    const { engine } = await fakeEngine({ draft: {} });
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), fc.nat(20), fc.integer({ min: 1, max: 4 }), async (seed, from, length) => {
        const free = await finishOf(engine, { ...LONG, seed });
        const banned = free.text.slice(from, from + length);
        fc.pre(banned.trim() !== '' && !/\p{Surrogate}|\uFFFD/u.test(banned));
        // What is held for a stop string that does not come, the token may let out that goes: once is enough.
        const before = free.text.slice(Math.max(0, from - 1), from).replace(/\p{Surrogate}/u, '');
        const stop = [`${before}\u2603`];
        const request = { ...LONG, seed, stop, bannedStrings: [banned.toUpperCase()] };
        const speculative = await finishOf(engine, { ...request, draft: FIXED });
        const main = await finishOf(engine, { ...request, mode: 'main' });
        for (const { text, tokens, letThrough } of [speculative, main]) {
          if (letThrough === undefined) expect(text.toLowerCase()).not.toContain(banned.toLowerCase());
          expect(text).toBe(textOf(tokens));
          expect(tokens).toHaveLength(60);
        }
        expect(speculative.tokens).toEqual(main.tokens);
      }),
      { seed: 3, numRuns: 40 },
    );
  });

  it('let nothing out twice that was held for a stop string', async () => {
    const { engine } = await fakeEngine({ draft: {} });
    for (let seed = 0; seed < 40; seed++) {
      const free = await finishOf(engine, { ...LONG, seed });
      const [, held, banned] = /^(?:.{3})(..)(...)/su.exec(free.text)!;
      const request = { ...LONG, seed, stop: [`${held}\u2603`], bannedStrings: [banned!] };
      const { text, tokens } = await finishOf(engine, request);
      expect(text).toBe(textOf(tokens));
    }
  });

  it('leave it one text to those who judge what drafting is worth', async () => {
    const { engine } = await fakeEngine({ draft: {} });
    const { text } = await finishOf(engine, LONG);
    const { knowledge } = engine.models.learnt;
    const begin = vi.spyOn(knowledge.ledger, 'beginText');
    const events = await eventsOf(engine, { ...LONG, bannedStrings: [text.slice(8, 11)] });
    expect(events.some((event) => event.type === 'round' && event.kept !== undefined)).toBe(true);
    expect(begin).toHaveBeenCalledOnce();
    expect(knowledge.texts).toBe(0);
  });

  it('leave an answer alone that has none of them', async () => {
    const { engine } = await fakeEngine({ draft: {} });
    const free = await finishOf(engine, LONG);
    expect((await finishOf(engine, { ...LONG, bannedStrings: ['\u2603\u2603'] })).tokens).toEqual(free.tokens);
  });

  it('let nothing out that goes: what came out is the text', async () => {
    const { engine } = await fakeEngine({ draft: {} });
    const { text } = await finishOf(engine, LONG);
    const events = await eventsOf(engine, { ...LONG, bannedStrings: [text.slice(8, 11)], logprobs: 1 });
    const finish = events.at(-1);
    if (finish?.type !== 'finish') expect.fail();
    const pieces = events.flatMap((event) => (event.type === 'text' ? [event] : []));
    expect(pieces.map((piece) => piece.text).join('')).toBe(finish.text);
    expect(pieces.flatMap((piece) => piece.tokens)).toEqual(finish.tokens);
    for (const { tokens, logprobs = [] } of pieces) expect(logprobs.map(({ token }) => token)).toEqual(tokens);
  });

  it.each([[['']], ['text'], [[7]]])('cannot be %j', async (bannedStrings) => {
    const { engine } = await fakeEngine();
    const request = { ...LONG, bannedStrings } as unknown as GenerationRequest;
    await expect(eventsOf(engine, request)).rejects.toMatchObject({ details: { parameter: 'bannedStrings' } });
  });
});

describe('a drafter from outside', () => {
  const says = (tokens: readonly number[], confidences: readonly number[]): Drafter => ({
    name: 'mine',
    propose: async () => ({ tokens, confidences }),
    observe: () => {},
    close: () => {},
  });

  it.each([
    ['a token of no vocabulary', says([1, 1e6], [0.9, 0.9])],
    ['half a token', says([1.5], [0.9])],
    ['a confidence that is no number', says([1, 2], [0.9, Number.NaN])],
    ['no confidence', says([1, 2], [0.9])],
    ['a confidence above one', says([1], [7])],
  ])('that gives %s fails nobody, and what is known stays whole', async (_, drafter) => {
    const { engine } = await fakeEngine();
    const alone = await finishOf(engine, LONG);
    expect((await finishOf(engine, { ...LONG, drafter, draft: FIXED })).tokens).toEqual(alone.tokens);
    expect((await finishOf(engine, { ...LONG, drafter })).tokens).toEqual(alone.tokens);
    expect(JSON.stringify(engine.models.learnt.knowledge)).not.toContain('null');
  });
});
