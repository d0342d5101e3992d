import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { continueText } from '../../docs/examples/own-drafter.js';
import { type Engine, loadEngine } from '../../src/index.js';

const target = fileURLToPath(new URL('../../models/main-q8_0.gguf', import.meta.url));
let engine: Engine;

beforeAll(async () => {
  // Strict: the texts are compared token by token, so a draft must not even change the last bit of a logit.
  engine = await loadEngine({ target, contextSize: 512, strict: true });
});
afterAll(() => engine.close());

it('the example drafter speeds up a text that repeats itself, and the text is the one of the engine', async () => {
  const prompt = 'one two three four five six one two three four five six one two three';
  const { text, statistics } = await continueText(engine, prompt, 24);
  expect(statistics.accepted).toBeGreaterThan(0);

  let plain = '';
  const request = { prompt: { text: prompt }, mode: 'main', maxTokens: 24, sampling: { temperature: 0 } } as const;
  for await (const event of engine.generate(request)) if (event.type === 'text') plain += event.text;
  expect(text).toBe(plain);
});
