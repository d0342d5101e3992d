import { describe, expect, it } from 'vitest';
import type { GenerationEvent, TokenLogprob } from './events.js';
import type { GenerationRequest } from './request.js';
import { SupervisedRequest } from './service/supervised-request.js';
import { eventsOf, fakeEngine, finishOf } from './testing/engine.js';
import { ROUNDING } from './testing/fake-rounding.js';
import { FAKE, PIECES } from './testing/fake-vocabulary.js';

const LONG: GenerationRequest = { prompt: { text: 'once upon a time' }, maxTokens: 24, seed: 3, ignoreEndOfText: true };
const draws = { temperature: 0.9, topK: 0, topP: 1, minP: 0 };

const samplings: Record<string, NonNullable<GenerationRequest['sampling']>> = {
  greedy: { temperature: 0 },
  drawn: draws,
  'repeat penalty': { ...draws, repeatPenalty: 1.3 },
  DRY: { temperature: 0, dryMultiplier: 0.8, dryAllowedLength: 1 },
  XTC: { ...draws, xtcProbability: 0.5 },
  mirostat: { ...draws, mirostat: 'v2' },
};

const textOf = (events: readonly GenerationEvent[]): string =>
  events.map((event) => (event.type === 'text' ? event.text : '')).join('');

const logprobsOf = (events: readonly GenerationEvent[]): readonly TokenLogprob[] =>
  events.flatMap((event) => (event.type === 'text' ? (event.logprobs ?? []) : []));

const tokensOf = (events: readonly GenerationEvent[]): number[] =>
  events.flatMap((event) => (event.type === 'text' ? event.tokens : []));

/** Hundreds of tokens begin with an `x`. */
const pieces = [...PIECES, ...Array.from({ length: 800 }, (_, i) => `x${i} `)];

describe('an answer that is resumed', () => {
  it.each(Object.entries(samplings))('goes on as it would have, wherever it was left: %s', async (_, sampling) => {
    const { engine } = await fakeEngine({ draft: { drift: 0.3 } });
    const request = { ...LONG, sampling };
    const whole = await finishOf(engine, request);
    for (const count of [0, 1, 2, 9, 17, 23, 24]) {
      const resume = whole.tokens.slice(0, count);
      for (const mode of ['speculative', 'main'] as const) {
        const finish = await finishOf(engine, { ...request, mode, resume });
        expect(finish, `${count} tokens, ${mode}`).toMatchObject({
          reason: 'length',
          tokens: whole.tokens,
          text: whole.text,
          promptTokens: whole.promptTokens,
        });
      }
    }
  });

  it('keeps the row classes of strict decoding', async () => {
    const options = { target: { rounding: ROUNDING.loneRows, roundingSize: 2 }, contextSize: 1024, strict: true };
    const { engine } = await fakeEngine({ ...options, draft: { drift: 0.3 } });
    const prompt = { tokens: Array.from({ length: 640 }, (_, i) => FAKE.firstByte + ((i * 11) % 200)) };
    for (const sampling of [{ temperature: 0 }, { ...draws, mirostat: 'v2' as const }]) {
      const request = { ...LONG, prompt, sampling };
      const whole = await finishOf(engine, request);
      for (const count of [1, 2, 13]) {
        const { tokens } = await finishOf(engine, { ...request, resume: whole.tokens.slice(0, count) });
        expect(tokens, `${count} tokens`).toEqual(whole.tokens);
      }
    }
  });

  it('emits each piece of text once, also what was held back for a stop string', async () => {
    const { engine } = await fakeEngine();
    const { text } = await finishOf(engine, { ...LONG, sampling: draws });
    const stops = [[], [text.slice(8, 12)], [`${text.slice(5, 9)}#`], [text.slice(-3)]];
    for (const stop of stops) {
      const request = { ...LONG, sampling: draws, stop };
      const events = await eventsOf(engine, request);
      const whole = events.at(-1);
      for (const [cut, event] of events.entries()) {
        if (event.type !== 'round') continue;
        // The round's own text has not come yet: it belongs to the rest.
        const before = events.slice(0, cut);
        const resume = before.flatMap((one) => (one.type === 'round' ? one.tokens : []));
        const rest = await eventsOf(engine, { ...request, resume });
        expect(textOf(before) + textOf(rest)).toBe(textOf(events));
        expect([...tokensOf(before), ...tokensOf(rest)]).toEqual(tokensOf(events));
        const { reason, tokens, text: all } = whole as Extract<GenerationEvent, { type: 'finish' }>;
        expect(rest.at(-1)).toMatchObject({ reason, tokens, text: all });
      }
    }
  });

  it.each([
    ['greedy', { temperature: 0 }, ['a', 'e']],
    ['drawn', draws, ['the', 'o', 'ab']],
    ['with what could not be avoided', draws, ['x']],
  ])(
    'avoids banned texts as it would have, over lives of the engine that end anywhere: %s',
    async (_, sampling, bans) => {
      const vocabulary = bans.includes('x') ? { pieces } : {};
      const { engine } = await fakeEngine({ target: vocabulary, draft: { ...vocabulary, drift: 0.3 } });
      const request = { ...LONG, sampling, bannedStrings: bans, draft: { min: 4, max: 4 } };
      const events = await eventsOf(engine, request);
      const whole = events.at(-1) as Extract<GenerationEvent, { type: 'finish' }>;
      expect(events.some((event) => event.type === 'round' && event.kept !== undefined)).toBe(true);
      expect(whole.letThrough !== undefined).toBe(bans.includes('x'));
      for (const [cut, event] of events.entries()) {
        if (event.type !== 'round' && event.type !== 'finish') continue;
        const supervised = new SupervisedRequest(0, request, () => 0);
        supervised.take(events.slice(0, cut));
        const rest = await eventsOf(engine, supervised.enter());
        expect(textOf(events.slice(0, cut)) + textOf(rest), `${cut} events`).toBe(whole.text);
        const { tokens, letThrough } = whole;
        expect(rest.at(-1)).toMatchObject({ tokens, ...(letThrough && { letThrough }) });
      }
    },
  );

  it.each([
    ['drawn', draws],
    ['mirostat', samplings.mirostat!],
  ])('has the log-probabilities of every token, also of those that were held back: %s', async (_, sampling) => {
    const { engine } = await fakeEngine({ draft: { drift: 0.3 } });
    const request = { ...LONG, sampling, logprobs: 2 };
    const { text } = await finishOf(engine, request);
    for (const held of [{ stop: [`${text.slice(5, 12)}#`] }, { bannedStrings: [`${text.slice(5, 12)}#`] }]) {
      const events = await eventsOf(engine, { ...request, ...held });
      const whole = events.at(-1) as Extract<GenerationEvent, { type: 'finish' }>;
      expect(logprobsOf(events).map(({ token }) => token)).toEqual(whole.tokens);
      for (const [cut, event] of events.entries()) {
        if (event.type !== 'round') continue;
        const supervised = new SupervisedRequest(0, { ...request, ...held }, () => 0);
        supervised.take(events.slice(0, cut));
        const rest = await eventsOf(engine, supervised.enter());
        expect([...logprobsOf(events.slice(0, cut)), ...logprobsOf(rest)], `${cut} events`).toEqual(logprobsOf(events));
      }
    }
  });

  it('that had ended already ends again without a pass', async () => {
    const { engine, target } = await fakeEngine();
    const ends = { ...LONG, resume: [FAKE.firstByte + 97, FAKE.eos] };
    expect(await finishOf(engine, ends)).toMatchObject({ reason: 'stop', text: 'a', completionTokens: 2 });
    const stopped = { ...LONG, stop: ['a'], resume: [FAKE.firstByte + 97, FAKE.firstByte + 98] };
    expect(await finishOf(engine, stopped)).toMatchObject({ reason: 'stop', stop: 'a', text: '', completionTokens: 1 });
    expect(target.contexts.flatMap(({ passes }) => passes)).toEqual([]);
  });

  it('is refused where it is no list of tokens', async () => {
    const { engine } = await fakeEngine();
    const refused = { code: 'invalid_argument', details: { parameter: 'resume' } };
    for (const resume of [[-1], [1.5], [1e9], 'text'] as unknown as number[][]) {
      await expect(finishOf(engine, { ...LONG, resume })).rejects.toMatchObject(refused);
    }
  });
});
