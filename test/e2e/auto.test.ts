/** Mode auto on the embedded pair: the draft model begins where no rule decides, and the target takes over where it must. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, GenerationRequest } from '../../src/engine/index.js';
import { type Answer, answer, outcome } from './testing/answer.js';
import { heldOut } from './testing/heldout.js';
import { loadPair } from './testing/pair.js';

const AUTO: Omit<GenerationRequest, 'prompt'> = { mode: 'auto', maxTokens: 64, sampling: { temperature: 0 } };

/** Kinds of prompts that the draft model is unsure of, some of them. */
const HARD = ['prose', 'facts', 'invent', 'lists', 'transform', 'multi-turn'];

describe('a strict engine that no rule helps', () => {
  let engine: Engine;
  const answers: { readonly request: GenerationRequest; readonly auto: Answer }[] = [];
  beforeAll(async () => {
    engine = await loadPair({ strict: true, routes: [] });
    for (const { prompt } of HARD.flatMap((category) => heldOut(8, category))) {
      const request = { ...AUTO, prompt };
      answers.push({ request, auto: await answer(engine, request) });
    }
  });
  afterAll(() => engine.close());

  it('escalated answers are the target’s own', async () => {
    const escalated = answers.filter(({ auto }) => auto.finish.route?.escalated !== undefined);
    expect(escalated.length).toBeGreaterThanOrEqual(10);
    expect(escalated.some(({ request }) => 'messages' in request.prompt)).toBe(true);
    // What the draft model wrote is worth something to the target, too.
    const kept = escalated.flatMap(({ auto }) => auto.rounds.filter((round) => round.escalated && round.accepted > 0));
    expect(kept.length).toBeGreaterThan(0);
    for (const { request, auto } of escalated) {
      expect(outcome(auto)).toEqual(outcome(await answer(engine, { ...request, mode: 'main' })));
    }
  });

  it('the others are the draft model’s', async () => {
    const kept = answers.filter(({ auto }) => auto.finish.route?.to === 'draft');
    expect(kept.length).toBeGreaterThan(0);
    for (const { request, auto } of kept) {
      expect(outcome(auto)).toEqual(outcome(await answer(engine, { ...request, mode: 'draft' })));
    }
  });
});
