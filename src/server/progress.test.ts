/** How far an answer is while it is written: `return_progress` and `timings_per_token`, as llama-server has them. */
import { expect, test } from 'vitest';
import { finishEvent, roundEvent, startEvent, textEvent } from '../cli/testing/events.js';
import { llamacpp } from './llamacpp/index.js';
import { openai } from './openai/index.js';
import { eventsOf, testServer } from './testing/app.js';
import { FakeService, type Script } from './testing/fake-service.js';
import { AnswerProgress } from './timings.js';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
type Json = any;

/** A prompt of three passes behind 20 tokens that were cached, and a text of two rounds. */
const longPrompt: Script = async function* () {
  const events = [
    startEvent({ promptTokens: 200, cachedTokens: 20 }),
    { type: 'prompt', evaluated: 84, total: 200, cached: 20 } as const,
    { type: 'prompt', evaluated: 148, total: 200, cached: 20 } as const,
    roundEvent([], 0, 1),
    textEvent('One'),
    roundEvent([2, 3], 1, 4),
    textEvent(' two', 'accepted'),
    textEvent(' three', 'recovered'),
  ];
  yield* events;
  yield finishEvent(events, { promptTokens: 200, cachedTokens: 20 });
};

const messages = [{ role: 'user', content: 'Hi' }];
const PATHS = ['/v1/chat/completions', '/v1/completions', '/completion'];
const streamed = async (path: string, fields: object, script = longPrompt): Promise<Json[]> => {
  const server = testServer({ service: new FakeService(script), dialects: [llamacpp, openai] });
  const events = await eventsOf(await server.post(path, { messages, prompt: 'Once', stream: true, ...fields }));
  return events.filter((event) => event !== '[DONE]');
};

test.each(PATHS)('%s tells how much of the prompt is evaluated, and first what was cached', async (path) => {
  const progress = (await streamed(path, { return_progress: true })).flatMap((event) => event.prompt_progress ?? []);
  expect(progress).toMatchObject([20, 84, 148, 200].map((processed) => ({ total: 200, cache: 20, processed })));
  expect(progress.every(({ time_ms }) => time_ms >= 0)).toBe(true);
});

test.each(PATHS)('%s tells timings with each piece of text', async (path) => {
  const events = await streamed(path, { timings_per_token: true });
  const told = events.filter(({ timings }) => timings !== undefined).map(({ timings }) => timings);
  expect(told.map(({ predicted_n }) => predicted_n)).toEqual([1, 3, 3, 3]);
  expect(told[0]).toMatchObject({ prompt_n: 180, cache_n: 20, predicted_per_second: 0 });
  expect(told[1]).toMatchObject({ draft_n: 2, draft_n_accepted: 1 });
});

test.each(PATHS)('%s tells neither unless asked', async (path) => {
  const events = await streamed(path, {});
  expect(events.some(({ prompt_progress }) => prompt_progress !== undefined)).toBe(false);
  expect(events.filter(({ timings }) => timings !== undefined)).toHaveLength(1);
});

test('a chat’s last chunk has timings beside the usage', async () => {
  const [last] = (await streamed(PATHS[0]!, { stream_options: { include_usage: true } })).slice(-1);
  expect(last).toMatchObject({ choices: [], usage: { prompt_tokens: 200 }, timings: { prompt_n: 180 } });
});

test('a prompt of one pass tells what was cached, and that it is done', () => {
  const progress = new AnswerProgress(() => 0);
  const told = { total: 3, cache: 1, time_ms: 0 };
  expect(progress.add(startEvent({ promptTokens: 3, cachedTokens: 1 }))).toEqual([{ ...told, processed: 1 }]);
  expect(progress.add(roundEvent([], 0, 1))).toEqual([{ ...told, processed: 3 }]);
  expect(progress.add(roundEvent([], 0, 1))).toEqual([]);
  expect(progress.timings).toMatchObject({ cache_n: 1, prompt_n: 2 });
});

test.each(['/v1/chat/completions/input_tokens', '/chat/completions/input_tokens'])('%s counts', async (path) => {
  const server = testServer();
  const response = await server.post(path, { messages });
  expect(await response.json()).toEqual({ input_tokens: '<|user|>Hi<|end|><|assistant|>'.length });
  expect((await server.post(path, {})).status).toBe(400);
});
