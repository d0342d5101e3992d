/**
 * Where texts end: stop strings and limits inside blocks of accepted tokens (sglang#31599, vllm PR#23938) and text held
 * back for stop strings that never come (koboldcpp PR#1031, llama.cpp#11538, sglang PR#23802). The target drafts for
 * itself, so whole blocks of 17 tokens are accepted; the expected texts come from the whole text by plain means.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, GenerationRequest } from '../../src/engine/index.js';
import { sequentialRandom } from '../../src/speculative/index.js';
import { type Answer, answer, forced, outcome } from './testing/answer.js';
import { heldOut } from './testing/heldout.js';
import { loadPair, MAIN } from './testing/pair.js';

const COUNT: GenerationRequest = {
  prompt: { text: '<|user|>\nCount from 1 to 20.<|end|>\n<|assistant|>\n' },
  sampling: { temperature: 0 },
  ...forced(16),
};
/** Copies letters and signs beyond ASCII, some of them made of byte tokens. */
const COPY: GenerationRequest = { ...COUNT, prompt: heldOut(13, 'repeat')[12]!.prompt };

let engine: Engine;
beforeAll(async () => {
  engine = await loadPair({ drafts: [MAIN], strict: true });
});
afterAll(() => engine.close());

/** Where the earliest of `stops` begins in `text`. */
function firstStop(text: string, stops: readonly string[]): number {
  const places = stops.map((stop) => text.indexOf(stop)).filter((place) => place >= 0);
  return places.length === 0 ? text.length : Math.min(...places);
}

/** The text of the first `count` tokens of an answer. */
function textOf({ finish }: Answer, count: number): string {
  const { vocabulary } = engine.models.target.model;
  return Buffer.concat(finish.tokens.slice(0, count).map((token) => vocabulary.bytes(token, false))).toString();
}

describe('a stop string in a block of accepted tokens', () => {
  let whole: Answer;
  beforeAll(async () => {
    whole = await answer(engine, COUNT);
    expect(whole.finish).toMatchObject({ reason: 'stop', text: expect.stringMatching(/^1, 2, 3, .*, 20$/s) });
    expect(whole.finish.statistics.acceptanceRate).toBeGreaterThan(0.9);
  });

  it('ends the text for every token limit as it does without speculation', async () => {
    const stop = whole.finish.text.indexOf('5');
    let completing = 1;
    while (!textOf(whole, completing).includes('5')) completing += 1;
    for (let maxTokens = 1; maxTokens <= 40; maxTokens++) {
      const request = { ...COUNT, maxTokens, stop: ['5'] };
      const speculative = outcome(await answer(engine, request));
      expect(outcome(await answer(engine, { ...request, mode: 'main' }))).toEqual(speculative);
      expect(speculative).toMatchObject(
        completing <= maxTokens
          ? { reason: 'stop', stop: '5', text: whole.finish.text.slice(0, stop) }
          : { reason: 'length', text: textOf(whole, maxTokens) },
      );
      expect(speculative.usage[1]).toBe(Math.min(maxTokens, completing));
    }
  });

  it('counts before an end token in the same block', async () => {
    const { text } = whole.finish;
    const stop = text.slice(-2);
    for (const mode of ['speculative', 'main'] as const) {
      const { finish } = await answer(engine, { ...COUNT, mode, stop: [stop] });
      expect(finish).toMatchObject({ reason: 'stop', stop, text: text.slice(0, text.indexOf(stop)) });
    }
  });
});

describe.each([
  ['a count', COUNT],
  ['a copy with ã and 🍎', COPY],
])('text held back in %s', (_, request) => {
  let whole: Answer;
  let text: string;
  beforeAll(async () => {
    whole = await answer(engine, request);
    text = whole.finish.text;
    expect(whole.finish).toMatchObject({ reason: 'stop' });
    expect(whole.finish).not.toHaveProperty('stop');
  });

  it('comes out when the end token follows', async () => {
    for (let length = 1; length <= 8; length++) {
      const stop = `${Array.from(text).slice(-length).join('')}QZX`;
      expect(outcome(await answer(engine, { ...request, stop: [stop] }))).toEqual(outcome(whole));
    }
  });

  it('comes out when the limit follows', async () => {
    for (let tokens = 2; tokens <= 12; tokens++) {
      const upToLimit = textOf(whole, tokens);
      // Half a character shows when the limit cuts it, so it is no beginning of a stop string.
      if (upToLimit.endsWith('\uFFFD')) continue;
      const stop = [`${Array.from(upToLimit).slice(-3).join('')}QZX`];
      const { finish } = await answer(engine, { ...request, stop, maxTokens: tokens });
      expect(finish).toMatchObject({ reason: 'length', text: upToLimit, completionTokens: tokens });
    }
  });

  it('never lets out any of a stop string, wherever in tokens and blocks it begins', async () => {
    const characters = Array.from(text);
    const random = sequentialRandom(6);
    const draw = (count: number): number => Math.floor(random() * count);
    const substring = (): string => {
      const from = draw(characters.length);
      return characters.slice(from, from + 1 + draw(15)).join('');
    };
    for (let i = 0; i < 50; i++) {
      const stop = Array.from({ length: i % 2 === 0 ? 1 : 4 }, substring);
      const { finish } = await answer(engine, { ...request, stop });
      expect(finish.text).toBe(text.slice(0, firstStop(text, stop)));
      expect(finish).toMatchObject({ reason: 'stop', stop: expect.toBeOneOf(stop) });
    }
  });
});
