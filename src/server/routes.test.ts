/** Mode `auto` as clients, operators and watchers see it: who wrote the answer, and why. */
import { expect, test } from 'vitest';
import { finishEvent, roundEvent, startEvent, textEvent } from '../cli/testing/events.js';
import type { Route } from '../engine/events.js';
import { kobold } from './kobold/index.js';
import { llamacpp } from './llamacpp/index.js';
import { activityLog } from './logging.js';
import { openai } from './openai/index.js';
import { outrider } from './outrider/index.js';
import { eventsOf, testServer } from './testing/app.js';
import { FakeService, type Script } from './testing/fake-service.js';

const decided: Route = { to: 'draft', rule: 'none', reason: 'no rule applies' };
const escalated: Route = { ...decided, to: 'target', escalated: { atToken: 12, confidence: 0.25 } };
const onTheWire = {
  to: 'target',
  rule: 'none',
  reason: 'no rule applies',
  escalated: { at_token: 12, confidence: 0.25 },
};

/** The draft model begins, and the target takes over. */
const escalates: Script = async function* () {
  const events = [startEvent({ mode: 'auto', route: decided }), roundEvent([1], 1, 2), textEvent('Hi')];
  yield* events;
  yield finishEvent(events, { route: escalated });
};

const serverOf = (service = new FakeService(escalates)) =>
  testServer({ service, dialects: [outrider, kobold, llamacpp, openai], settings: { mode: 'auto' } });

const messages = [{ role: 'user', content: 'Hi' }];
const chat = '/v1/chat/completions';

test.each([
  [chat, { messages, model: 'main:auto' }],
  ['/v1/completions', { prompt: 'Hi', speculative: { mode: 'auto' } }],
  ['/completion', { prompt: 'Hi' }],
])('%s tells the route in the answer and at the end of a stream', async (path, body) => {
  const server = serverOf();
  expect(await (await server.post(path, body)).json()).toMatchObject({ outrider: { mode: 'auto', route: onTheWire } });
  const events = (await eventsOf(await server.post(path, { ...body, stream: true }))).filter(
    (data) => data !== '[DONE]',
  );
  expect(events.at(-1)).toMatchObject({ outrider: { route: onTheWire } });
  expect(server.service.requests.map(({ mode }) => mode)).toEqual(['auto', 'auto']);
});

test('KoboldCpp’s answers have it too', async () => {
  const server = serverOf();
  expect(await (await server.post('/api/v1/generate', { prompt: 'Hi' })).json()).toMatchObject({
    results: [{ outrider: { route: onTheWire } }],
  });
  const events = await eventsOf(await server.post('/api/extra/generate/stream', { prompt: 'Hi' }));
  expect(events.at(-1)).toMatchObject({ outrider: { route: onTheWire } });
  expect(server.service.request.mode).toBe('auto');
});

test('without mode auto there is no route', async () => {
  const body = await (await testServer().post(chat, { messages })).json();
  expect(body).toMatchObject({ outrider: { mode: 'speculative' } });
  expect(body).not.toHaveProperty('outrider.route');
});

test('metrics and log tell of it', async () => {
  const server = serverOf();
  server.context.activity.listen(activityLog(server.context.log, false));
  await server.post(chat, { messages });
  expect(await (await server.get('/metrics')).text()).toContain('outrider_routes_total{to="target",rule="none"} 1');
  expect(server.logged.find(({ msg }) => msg === 'generation')).toMatchObject({ route: escalated });
});

test('whoever watches the rounds sees what the rules say, and what became of it', async () => {
  const server = serverOf();
  const reader = (await server.get('/api/outrider/rounds')).body!.getReader();
  await server.post(chat, { messages });
  let seen = '';
  while (!seen.includes('"end"')) seen += new TextDecoder().decode((await reader.read()).value);
  await reader.cancel();
  const watched = seen
    .split('\n\n')
    .filter(Boolean)
    .map((frame) => JSON.parse(frame.slice('data: '.length)));
  expect(watched[0]).toMatchObject({ type: 'start', route: decided });
  expect(watched.at(-1)).toMatchObject({ type: 'end', route: escalated });
});

test.each([
  [chat, { messages, reasoning_effort: 'low' }],
  ['/v1/completions', { prompt: 'Hi', reasoning_effort: 'low' }],
  ['/completion', { prompt: 'Hi', reasoning_effort: 'low' }],
  ['/api/v1/generate', { prompt: 'Hi', reasoning_effort: 'low' }],
])('%s hands the declared effort on', async (path, body) => {
  const server = serverOf();
  await server.post(path, body);
  expect(server.service.request.effort).toBe('low');
});
