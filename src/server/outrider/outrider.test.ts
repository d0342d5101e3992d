import { expect, test } from 'vitest';
import type { Activity, ActivityListener } from '../activity.js';
import { llamacpp } from '../llamacpp/index.js';
import { openai } from '../openai/index.js';
import { testServer } from '../testing/app.js';
import { outrider } from './index.js';
import { watched } from './rounds.js';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
type Json = any;

const serverOf = () => testServer({ dialects: [outrider, llamacpp, openai] });
const dataOf = (frame: string): Json => JSON.parse(frame.slice('data: '.length));

test('status, pair and costs tell what runs', async () => {
  const server = serverOf();
  expect(await (await server.get('/api/outrider/status')).json()).toMatchObject({ version: '1.2.3', state: 'ready' });
  expect(await (await server.get('/api/outrider/pair')).json()).toMatchObject({
    mode: 'speculative',
    target: { name: 'main' },
    drafts: [{ name: 'draft', vocabularyFit: { equalIds: 255, masked: 0 } }],
  });
  expect(await (await server.get('/api/outrider/costs')).json()).toMatchObject({
    target: { points: [{ rows: 1, ms: 10 }, {}, {}, {}], depths: [{ from: 0, factor: 1 }] },
    drafts: { draft: { points: [{ rows: 1 }, { rows: 8 }] } },
  });
});

test('rounds come as they are verified, until the watcher leaves', async () => {
  const server = serverOf();
  const response = await server.get('/api/outrider/rounds');
  const reader = response.body!.getReader();
  await server.post('/v1/completions', { prompt: 'Once' });
  const messages: Json[] = [];
  while (messages.at(-1)?.type !== 'end') messages.push(dataOf(new TextDecoder().decode((await reader.read()).value)));
  expect(messages.map(({ type }) => type)).toEqual(['start', 'round', 'round', 'round', 'end']);
  expect(messages[0]).toMatchObject({ generation: 1, dialect: 'openai', mode: 'speculative', promptTokens: 4 });
  expect(messages[2]).toMatchObject({ drafted: [101], accepted: 1, origin: 'bonus', tokens: [101, 102] });
  expect(messages.at(-1)).toMatchObject({ reason: 'stop', completionTokens: 4, statistics: { accepted: 1 } });
  await reader.cancel();
});

test('a slow watcher loses the oldest messages and hears how many; one that left listens no more', async () => {
  const listeners = new Set<ActivityListener>();
  const activity: Pick<Activity, 'listen'> = {
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const abort = new AbortController();
  const frames = watched(activity, abort.signal);
  const first = frames.next();
  const [listener] = listeners;
  const generation = { id: 1, requestId: 'a', dialect: 'openai', request: { prompt: { text: '' } }, arrived: 0 };
  for (let count = 0; count < 1030; count++) listener!.onEnd?.(generation, undefined);
  expect(dataOf((await first).value!)).toEqual({ type: 'dropped', messages: 6 });
  expect(dataOf((await frames.next()).value!)).toEqual({ type: 'end', generation: 1 });
  const left = frames.return();
  abort.abort();
  await left;
  expect(listeners.size).toBe(0);
});

test('an unknown route under our prefix is a 404', async () => {
  expect((await serverOf().get('/api/outrider/nothing')).status).toBe(404);
});
