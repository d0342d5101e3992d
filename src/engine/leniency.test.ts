import { describe, expect, it } from 'vitest';
import type { StartEvent } from './events.js';
import type { GenerationRequest } from './request.js';
import { eventsOf, fakeEngine, finishOf } from './testing/engine.js';

const long = { endBias: -30 };
const pair = { target: long, draft: { ...long, drift: 0.5 } };
const REQUEST: GenerationRequest = { prompt: { text: 'once upon' }, maxTokens: 120, draft: { min: 4, max: 4 } };
const samplings = { greedy: { temperature: 0 }, drawn: { temperature: 1, topK: 0, topP: 1, minP: 0 } };

const lenient = (leniency: number, changes: Partial<GenerationRequest> = {}): GenerationRequest => ({
  ...REQUEST,
  ...changes,
  draft: { ...REQUEST.draft, leniency },
});

async function startOf(request: GenerationRequest, engine: Parameters<typeof eventsOf>[0]): Promise<StartEvent> {
  const [start] = await eventsOf(engine, request);
  if (start?.type !== 'start') expect.fail(`the first event is ${start?.type}`);
  return start;
}

describe.each(Object.entries(samplings))('leniency, %s', (_, sampling) => {
  it('0 is what there is without it', async () => {
    const { engine } = await fakeEngine(pair);
    for (const seed of [1, 2, 3]) {
      const without = await finishOf(engine, { ...REQUEST, sampling, seed });
      const { tokens, text, statistics } = without;
      expect(await finishOf(engine, lenient(0, { sampling, seed }))).toMatchObject({ tokens, text, statistics });
      expect(await finishOf(engine, { ...REQUEST, mode: 'main', sampling, seed })).toMatchObject({ tokens, text });
    }
  });

  it('next to none changes no text', async () => {
    const { engine } = await fakeEngine(pair);
    for (const seed of [1, 2, 3]) {
      const { tokens } = await finishOf(engine, { ...REQUEST, sampling, seed });
      expect((await finishOf(engine, lenient(1e-6, { sampling, seed }))).tokens).toEqual(tokens);
    }
  });

  it('lets more drafts pass where the target is not sure itself, and says so', async () => {
    const { engine } = await fakeEngine({ ...pair, target: { ...long, certainty: 0.3 } });
    const without = await finishOf(engine, { ...REQUEST, sampling, seed: 1 });
    const most = await finishOf(engine, lenient(1, { sampling, seed: 1 }));
    expect(most.statistics.accepted).toBeGreaterThan(1.2 * without.statistics.accepted);
    expect(most.tokens).not.toEqual(without.tokens);
    expect(await startOf(lenient(0.4, { sampling }), engine)).toMatchObject({ leniency: 0.4, verification: 'match' });
    expect(await startOf(lenient(0, { sampling }), engine)).not.toHaveProperty('leniency');
  });
});

describe('leniency', () => {
  it('keeps to bans, penalties and texts that may not appear', async () => {
    const { engine } = await fakeEngine(pair);
    const { tokens, text } = await finishOf(engine, lenient(1, { sampling: samplings.greedy, seed: 1 }));
    const logitBias = new Map(tokens.slice(0, 40).map((token) => [token, Number.NEGATIVE_INFINITY]));
    const biased = await finishOf(engine, lenient(1, { sampling: { ...samplings.greedy, logitBias }, seed: 1 }));
    expect(biased.tokens.filter((token) => logitBias.has(token))).toEqual([]);
    const bannedStrings = [text.slice(3, 5)];
    const clean = await finishOf(engine, lenient(1, { sampling: samplings.greedy, bannedStrings, seed: 1 }));
    expect(clean.text.toLowerCase()).not.toContain(bannedStrings[0]!.toLowerCase());
  });

  it('means nothing where nothing is drafted', async () => {
    const { engine } = await fakeEngine(pair);
    for (const mode of ['main', 'draft'] as const) {
      expect(await startOf(lenient(0.5, { mode }), engine)).not.toHaveProperty('leniency');
    }
    expect(await startOf({ ...REQUEST, draft: { max: 0, leniency: 0.5 } }, engine)).not.toHaveProperty('leniency');
  });

  it('is refused where the engine is strict, with a rule that it does not go with, and beyond its bounds', async () => {
    const { engine: strict } = await fakeEngine({ ...pair, strict: true });
    const refused = { code: 'invalid_argument', details: { parameter: 'draft.leniency' } };
    await expect(finishOf(strict, lenient(0.5))).rejects.toMatchObject(refused);
    expect(await finishOf(strict, lenient(0))).toMatchObject({ reason: 'length' });
    const { engine } = await fakeEngine(pair);
    for (const leniency of [-0.1, 1.1, Number.NaN]) {
      await expect(finishOf(engine, lenient(leniency))).rejects.toMatchObject(refused);
    }
    for (const verification of ['auto', 'rejection', 'block'] as const) {
      const clash = { code: 'invalid_argument', details: { parameter: 'verification' } };
      await expect(finishOf(engine, lenient(0.5, { verification }))).rejects.toMatchObject(clash);
    }
  });
});
