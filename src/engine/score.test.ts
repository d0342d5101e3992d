import { describe, expect, it } from 'vitest';
import type { Engine } from './engine.js';
import type { GenerationEvent } from './events.js';
import type { Score, ScoreRequest } from './score.js';
import { eventsOf, fakeEngine, finishOf } from './testing/engine.js';
import type { FakeModel } from './testing/fake-backend.js';
import { ROUNDING } from './testing/fake-rounding.js';

const prompt = { text: 'once upon a time' };

/** The softmax of what the model says behind `tokens`, worked out the plain way. */
function softmax(model: FakeModel, tokens: readonly number[]): number[] {
  const weights = [...model.logitsAfter(tokens)].map(Math.exp);
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

/** A text of the engine's own, in tokens of the model that writes it. */
async function written(engine: Engine, mode: 'main' | 'draft', maxTokens: number): Promise<readonly number[]> {
  const finish = await finishOf(engine, {
    prompt,
    mode,
    maxTokens,
    sampling: { temperature: 0 },
    ignoreEndOfText: true,
  });
  return finish.tokens;
}

function logprobsIn(events: readonly GenerationEvent[]) {
  return events.flatMap((event) => (event.type === 'text' ? (event.logprobs ?? []) : []));
}

describe('a score', () => {
  it('is what the model says behind each prefix, over more tokens than a pass can show', async () => {
    const { engine, target } = await fakeEngine({ draft: { seed: 2 } });
    const tokens = await written(engine, 'draft', 150);
    const { promptTokens, tokens: scores } = await engine.score({ prompt, tokens, top: 3 });
    const context = [...engine.tokenize(prompt).tokens];
    expect(promptTokens).toBe(context.length);
    expect(scores.map(({ token }) => token)).toEqual(tokens);
    for (const { token, logprob, rank, entropy, top, bytes } of scores) {
      const law = softmax(target, context);
      const order = law.map((_, id) => id).sort((a, b) => law[b]! - law[a]! || a - b);
      expect(Math.exp(logprob)).toBeCloseTo(law[token]!, 5);
      expect(rank).toBe(order.indexOf(token));
      expect(entropy).toBeCloseTo(
        law.reduce((sum, p) => sum - p * Math.log(p), 0),
        4,
      );
      expect(top.map((one) => one.token)).toEqual(order.slice(0, 3));
      expect(bytes).toEqual(target.vocabulary.bytes(token, true));
      context.push(token);
    }
  });

  it('is what generating told, bit for bit under strict whatever the kernels round', async () => {
    const target = { rounding: ROUNDING.fours };
    const { engine } = await fakeEngine({ target, strict: true });
    const request = { prompt, mode: 'main' as const, maxTokens: 90, logprobs: 2, ignoreEndOfText: true, seed: 5 };
    const told = logprobsIn(await eventsOf(engine, request));
    const { tokens } = await engine.score({ prompt, tokens: told.map(({ token }) => token), top: 2 });
    expect(tokens.map(({ logprob, top }) => ({ logprob, top }))).toEqual(
      told.map(({ logprob, top }) => ({ logprob, top })),
    );
  });

  it('tells the probability under the sampling that is asked for', async () => {
    const { engine, target } = await fakeEngine();
    const tokens = await written(engine, 'main', 12);
    const likely = await engine.score({ prompt, tokens, sampling: { temperature: 0 } });
    expect(likely.tokens.every(({ probability, rank }) => probability === 1 && rank === 0)).toBe(true);
    const other = tokens.map((token) => (token === 40 ? 41 : 40));
    const unlikely = await engine.score({ prompt, tokens: other, sampling: { temperature: 0 } });
    expect(unlikely.tokens[0]).toMatchObject({ probability: 0 });
    const drawn = { temperature: 1, topK: 0, topP: 1, minP: 0, repeatPenalty: 1.5, penaltyRange: 'all' as const };
    const { tokens: scores } = await engine.score({ prompt, tokens: [tokens[0]!, tokens[0]!], sampling: drawn });
    const context = [...engine.tokenize(prompt).tokens, tokens[0]!];
    // The second time it is penalised for the first.
    expect(scores[1]!.probability).toBeLessThan(softmax(target, context)[tokens[0]!]!);
  });

  it('is the draft model’s where that is asked', async () => {
    const { engine, draft } = await fakeEngine({ draft: { seed: 2 } });
    const tokens = await written(engine, 'draft', 20);
    const scores: Score = await engine.score({ prompt, tokens, mode: 'draft', sampling: { temperature: 0 } });
    expect(scores.tokens.map(({ rank }) => rank)).toEqual(tokens.map(() => 0));
    const first = softmax(draft!, engine.tokenize(prompt).tokens)[tokens[0]!]!;
    expect(Math.exp(scores.tokens[0]!.logprob)).toBeCloseTo(first, 5);
  });

  it('begins behind what a cache holds of the prompt, and looks at nothing where there is nothing', async () => {
    const { engine } = await fakeEngine();
    const tokens = await written(engine, 'main', 5);
    const { cachedTokens, promptTokens } = await engine.score({ prompt, tokens });
    expect(cachedTokens).toBe(promptTokens - 1);
    expect(await engine.score({ prompt, tokens: [] })).toMatchObject({ tokens: [], promptTokens });
  });
});

describe('scoring', () => {
  it('waits for a place, and leaves the queue with its signal', async () => {
    const { engine } = await fakeEngine({ parallel: 1 });
    const running = engine.generate({ prompt, mode: 'main', maxTokens: 20, ignoreEndOfText: true });
    await running.next();
    const stop = new AbortController();
    const waiting = engine.score({ prompt, tokens: [40] }, stop.signal);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    const second = engine.score({ prompt, tokens: [40] });
    for await (const _ of running);
    expect((await second).tokens).toHaveLength(1);
  });

  it('ends with its signal while a pass runs, and gives its sequence back', async () => {
    const stop = new AbortController();
    let passes = 0;
    const elsewhere = async (): Promise<void> => {
      passes += 1;
      if (passes > 2 && armed) stop.abort();
    };
    let armed = false;
    const { engine } = await fakeEngine({ target: { elsewhere } });
    armed = true;
    const tokens = Array.from({ length: 400 }, () => 40);
    await expect(engine.score({ prompt, tokens }, stop.signal)).rejects.toMatchObject({ code: 'aborted' });
    armed = false;
    expect((await engine.score({ prompt, tokens })).tokens).toHaveLength(400);
  });

  const refusals: Record<string, [ScoreRequest, string]> = {
    'a token beyond the vocabulary': [{ prompt, tokens: [40, 1e6] }, 'tokens: expected token ids'],
    'half a token': [{ prompt, tokens: [1.5] }, 'tokens: expected token ids'],
    'too many alternatives': [{ prompt, tokens: [40], top: 21 }, 'logprobs: expected'],
    'what does not fit': [{ prompt, tokens: Array(3000).fill(40) }, 'the context holds'],
    'a draft model that is not there': [{ prompt, tokens: [40], mode: 'draft' }, 'mode draft needs'],
  };
  for (const [name, [request, message]] of Object.entries(refusals)) {
    it(`refuses ${name}`, async () => {
      const { engine } = await fakeEngine();
      await expect(engine.score(request)).rejects.toThrow(message);
    });
  }
});
