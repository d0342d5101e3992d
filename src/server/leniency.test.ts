/** What is not lossless says so, in every dialect. */
import { expect, test } from 'vitest';
import { finishEvent, roundEvent, startEvent, textEvent } from '../cli/testing/events.js';
import { kobold } from './kobold/index.js';
import { llamacpp } from './llamacpp/index.js';
import { openai } from './openai/index.js';
import { outrider } from './outrider/index.js';
import { eventsOf, testServer } from './testing/app.js';
import { FakeService, type Script } from './testing/fake-service.js';

/** As the engine marks it: only where leniency has an effect. */
const lenient: Script = async function* ({ draft: { leniency = 0 } = {} }) {
  const events = [startEvent(leniency > 0 ? { leniency } : {}), roundEvent([1], 1, 2), textEvent('Hi')];
  yield* events;
  yield finishEvent(events);
};

const serverOf = () =>
  testServer({ service: new FakeService(lenient), dialects: [outrider, kobold, llamacpp, openai] });
const speculative = { leniency: 0.3 };
const marked = { outrider: { lossless: false, leniency: 0.3 } };

test.each([
  ['/v1/chat/completions', { messages: [{ role: 'user', content: 'Hi' }], speculative }],
  ['/v1/completions', { prompt: 'Hi', speculative }],
  ['/completion', { prompt: 'Hi', 'speculative.leniency': 0.3 }],
])('%s marks the answer and the end of a stream', async (path, body) => {
  const server = serverOf();
  expect(await (await server.post(path, body)).json()).toMatchObject(marked);
  const events = await eventsOf(await server.post(path, { ...body, stream: true }));
  expect(events.filter((data) => data !== '[DONE]').at(-1)).toMatchObject(marked);
  expect(server.service.request.draft).toEqual({ leniency: 0.3 });
  const { speculative: _, 'speculative.leniency': __, ...lossless } = body as Record<string, unknown>;
  expect(await (await server.post(path, lossless)).json()).not.toHaveProperty('outrider.lossless');
});

test('KoboldCpp’s answers and llama-server’s settings are marked, too', async () => {
  const server = serverOf();
  expect(await (await server.post('/api/v1/generate', { prompt: 'Hi', speculative })).json()).toMatchObject({
    results: [marked],
  });
  const settings = { generation_settings: { 'speculative.leniency': 0.3 } };
  expect(await (await server.post('/completion', { prompt: 'Hi', speculative })).json()).toMatchObject(settings);
});

test.each(['much', true])('leniency %j is refused', async (leniency) => {
  const response = await serverOf().post('/v1/completions', { prompt: 'Hi', speculative: { leniency } });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { param: 'speculative.leniency' } });
});
