import { describe, expect, it } from 'vitest';
import type { Token } from '../speculative/index.js';
import { chiSquareDeviate, tally } from '../speculative/testing/chi-square.js';
import type { GenerationRequest } from './request.js';
import { routeRequest } from './route-request.js';
import { runRouted } from './routed-run.js';
import { fakeEngine, finishOf } from './testing/engine.js';
import type { FakeModel } from './testing/fake-backend.js';
import { ROUNDING } from './testing/fake-rounding.js';
import { PIECES } from './testing/fake-vocabulary.js';

const LONG: GenerationRequest = { prompt: { text: 'once upon a time' }, maxTokens: 40, seed: 3, ignoreEndOfText: true };
const draws = { temperature: 0.9, topK: 0, topP: 1, minP: 0 };

const samplings: Record<string, NonNullable<GenerationRequest['sampling']>> = {
  greedy: { temperature: 0 },
  drawn: draws,
  'repeat penalty': { ...draws, repeatPenalty: 1.3 },
  'presence penalty': { ...draws, presencePenalty: 1 },
  'frequency penalty': { ...draws, frequencyPenalty: 0.7 },
  DRY: { temperature: 0, dryMultiplier: 0.8, dryAllowedLength: 1 },
  XTC: { ...draws, xtcProbability: 0.5 },
  mirostat: { ...draws, mirostat: 'v2' },
};

const drafts = {
  'the target itself': {},
  'one that often errs': { drift: 0.3 },
  'a stranger': { seed: 2 },
  'one with other ids': { drift: 0.3, pieces: [...PIECES].reverse() },
  'one with fewer tokens': { drift: 0.3, pieces: PIECES.slice(0, -3) },
  'one with more tokens': { drift: 0.3, pieces: [...PIECES, ' more'] },
};

describe('the text of a seed', () => {
  for (const [draftName, draft] of Object.entries(drafts)) {
    it(`is that of the target alone, drafted by ${draftName}, whatever the length of the draft`, async () => {
      const { engine } = await fakeEngine({ draft });
      for (const [name, sampling] of Object.entries(samplings)) {
        const { tokens, text } = await finishOf(engine, { ...LONG, sampling, mode: 'main' });
        expect(tokens).toHaveLength(40);
        for (const length of [1, 5, 16]) {
          const finish = await finishOf(engine, { ...LONG, sampling, draft: { min: length, max: length } });
          expect(finish, `${name}, drafts of ${length}`).toMatchObject({ tokens, text });
        }
      }
    });
  }

  it('has nothing twice under a presence penalty that forbids it', async () => {
    const { engine } = await fakeEngine({ draft: { drift: 0.3 } });
    const sampling = { temperature: 0, presencePenalty: 100, penaltyRange: 'all' as const };
    const { tokens } = await finishOf(engine, { ...LONG, sampling, draft: { min: 8, max: 8 } });
    expect(new Set(tokens).size).toBe(40);
  });

  it('is written with drafts that are accepted or not as the draft agrees', async () => {
    const rates = [];
    for (const draft of [drafts['the target itself'], drafts['one that often errs'], drafts['a stranger']]) {
      const { engine } = await fakeEngine({ draft });
      rates.push((await finishOf(engine, { ...LONG, draft: { min: 4, max: 4 } })).statistics.acceptanceRate!);
    }
    expect(rates[0]).toBe(1);
    expect(rates[1]).toBeGreaterThan(0.3);
    expect(rates[1]).toBeLessThan(1);
    expect(rates[2]).toBeLessThan(0.3);
  });

  it('never ends where that is forbidden', async () => {
    const { engine } = await fakeEngine({ target: { endBias: 8 }, draft: { endBias: 8 } });
    const { completionTokens, reason } = await finishOf(engine, LONG);
    expect([completionTokens, reason]).toEqual([40, 'length']);
    const { ignoreEndOfText: _, ...ending } = LONG;
    expect(await finishOf(engine, ending)).toMatchObject({ reason: 'stop' });
  });
});

describe('the modes', () => {
  it('write with the model that they name, and draft only as speculative', async () => {
    const { engine } = await fakeEngine({ target: { seed: 1 }, draft: { seed: 2 } });
    const alone = await fakeEngine({ target: { seed: 2 } });
    const expected = (await finishOf(alone.engine, LONG)).tokens;
    const draft = await finishOf(engine, { ...LONG, mode: 'draft' });
    expect(draft.tokens).toEqual(expected);
    expect(draft.statistics.drafted).toBe(0);
    const main = await finishOf(engine, { ...LONG, mode: 'main' });
    expect(main.statistics).toMatchObject({ drafted: 0, rounds: 40 });
    expect(main.tokens).not.toEqual(expected);
    expect((await finishOf(engine, { ...LONG, draft: { min: 2 } })).statistics.drafted).toBeGreaterThan(0);
  });

  it('look the text itself up where there is no draft model', async () => {
    const { engine } = await fakeEngine();
    const speculative = await finishOf(engine, LONG);
    const main = await finishOf(engine, { ...LONG, mode: 'main' });
    expect(speculative.tokens).toEqual(main.tokens);
    expect(speculative.statistics.drafted).toBeGreaterThan(0);
    expect(main.statistics.drafted).toBe(0);
    await expect(finishOf(engine, { ...LONG, mode: 'draft' })).rejects.toMatchObject({
      details: { parameter: 'mode' },
    });
  });
});

describe('strict', () => {
  // Large enough that every bit that is off is another text soon.
  const roundingSize = 2;
  const requests = [1, 2, 3, 4].map((seed): GenerationRequest => {
    return { ...LONG, seed, prompt: { text: 'word '.repeat(101 + seed) }, draft: { min: 2 * seed, max: 2 * seed } };
  });
  const engineOf = (rounding: (typeof ROUNDING)[keyof typeof ROUNDING], strict: boolean) =>
    fakeEngine({ target: { rounding, roundingSize }, draft: { drift: 0.3 }, parallel: 4, contextSize: 1024, strict });

  const { everyCount, ...roundings } = ROUNDING;
  for (const [name, rounding] of Object.entries(roundings)) {
    it(`makes four at once write what each writes plainly and alone (${name})`, async () => {
      const { engine } = await engineOf(rounding, true);
      const alone = [];
      for (const request of requests) alone.push((await finishOf(engine, { ...request, mode: 'main' })).tokens);
      const together = await Promise.all(requests.map((request) => finishOf(engine, request)));
      expect(together.map(({ tokens }) => tokens)).toEqual(alone);
      const plain = await Promise.all(requests.map((request) => finishOf(engine, { ...request, mode: 'main' })));
      expect(plain.map(({ tokens }) => tokens)).toEqual(alone);
    });
  }

  it('is needed for that', async () => {
    for (const rounding of [ROUNDING.loneRows, ROUNDING.fours, ROUNDING.neighbours]) {
      const { engine } = await engineOf(rounding, false);
      const texts = [];
      for (const mode of ['main', 'speculative'] as const)
        texts.push((await finishOf(engine, { ...requests[3]!, mode })).text);
      expect(texts[0]).not.toBe(texts[1]);
    }
  });

  it('is refused where no class of batches has equal bits', async () => {
    await expect(engineOf(everyCount, true)).rejects.toMatchObject({ code: 'backend_failed' });
  });
});

describe('rejection and block verification', () => {
  it.each(['rejection', 'block'] as const)(
    '(%s) accept everything of a draft that is the target',
    async (verification) => {
      const { engine } = await fakeEngine({ draft: {} });
      const { seed: _, ...unseeded } = LONG;
      const { statistics, completionTokens } = await finishOf(engine, {
        ...unseeded,
        verification,
        sampling: draws,
        draft: { min: 4, max: 4 },
      });
      expect(completionTokens).toBe(40);
      expect(statistics.acceptanceRate).toBe(1);
    },
  );
});

it('what drafts are drawn with never comes again, also where a request gets new drafters', async () => {
  const pieces = ['a', 'b', 'c', 'd', 'e'];
  const { engine, target } = await fakeEngine({ target: { pieces, endBias: -30 }, draft: { pieces, endBias: -30 } });
  const request: GenerationRequest = {
    // Behind it an `a` comes as second token about as often as not: then the answer goes back there.
    prompt: { text: 'bdc' },
    maxTokens: 4,
    sampling: { temperature: 1, topK: 4, topP: 1, minP: 0 },
    verification: 'rejection',
    bannedStrings: ['a'],
    draft: { min: 2, max: 2 },
  };
  const texts: string[] = [];
  for (let seed = 0; seed < 1500; seed++) {
    const routed = routeRequest(request, engine.models, [], () => seed);
    for await (const event of runRouted(routed, engine.models, new AbortController().signal)) {
      if (event.type === 'finish') texts.push(event.tokens.slice(0, 3).join());
    }
  }
  const law = lawWithoutA(target, engine.tokenize(request.prompt).tokens, 3);
  expect(chiSquareDeviate(tally(texts), law)).toBeLessThan(4);
});

/** The law of so many tokens behind others, each one of the four likeliest, where none is an `a` or `A`. */
function lawWithoutA(model: FakeModel, prefix: readonly Token[], length: number) {
  const law = new Map<string, number>();
  const extend = (text: readonly Token[], share: number): void => {
    if (text.length === length) return void law.set(text.join(), share);
    const weights = [...model.logitsAfter([...prefix, ...text])].map((logit, token) => ({
      token,
      weight: Math.exp(logit),
    }));
    const likeliest = weights.sort((a, b) => b.weight - a.weight).slice(0, 4);
    const allowed = likeliest.filter(
      ({ token }) => !/^a$/i.test(Buffer.from(model.vocabulary.bytes(token, false)).toString()),
    );
    const mass = allowed.reduce((sum, { weight }) => sum + weight, 0);
    for (const { token, weight } of allowed) extend([...text, token], (share * weight) / mass);
  };
  extend([], 1);
  return law;
}
