import { describe, expect, test } from 'vitest';
import { finishEvent, roundEvent, startEvent, textEvent } from '../../cli/testing/events.js';
import type { GenerationEvent, TokenLogprob } from '../../engine/events.js';
import { OutriderError } from '../../errors.js';
import { openai } from '../openai/index.js';
import { eventsOf, testServer } from '../testing/app.js';
import { FakeService, failsAfter } from '../testing/fake-service.js';
import { outrider } from './index.js';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
type Json = any;

const serverOf = (service = new FakeService()) => testServer({ service, dialects: [outrider, openai] });
const plays = (events: readonly GenerationEvent[]) =>
  new FakeService(async function* () {
    yield* events;
  });
const known = (token: number, bytes: readonly number[], logprob: number, top: TokenLogprob['top'] = []) => ({
  token,
  bytes: Uint8Array.from(bytes),
  logprob,
  top,
});
const GENERATE = '/api/outrider/generate';

async function framesOf(server: ReturnType<typeof serverOf>, body: object = { prompt: 'Once' }): Promise<Json[]> {
  return eventsOf(await server.post(GENERATE, body));
}

describe('a generation', () => {
  test('comes as its events', async () => {
    const frames = await framesOf(serverOf(), { messages: [{ role: 'user', content: 'Hi' }] });
    expect(frames.map(({ type }) => type)).toEqual([
      ...['start', 'prompt', 'round', 'text', 'round', 'text', 'text', 'round', 'text', 'finish'],
    ]);
    expect(frames[0]).toMatchObject({ mode: 'speculative', seed: 4711, reasoning: false });
    expect(frames[4]).toMatchObject({ drafted: 1, accepted: 1, tokens: 2, origin: 'bonus' });
    expect(frames[5]).toMatchObject({
      text: ', ',
      tokens: [{ id: 101, text: ', ', origin: 'accepted', target: 0.7788, draft: 0.5, top: [{}, {}, {}] }],
    });
    expect(frames.at(-1)).toMatchObject({ reason: 'stop', completionTokens: 4, statistics: { accepted: 1 } });
    expect(frames.at(-1)).not.toHaveProperty('tokens');
    // A pass of one row takes the fake engine 10 ms, and three tokens come behind the first.
    expect(frames.at(-1)).toMatchObject({ predictedPlainMs: 30 });
  });

  test('has headers while the engine cannot say yet whether the model thinks', async () => {
    const target = { ...new FakeService().description.target, chatTemplate: '<think>' };
    const service = new FakeService(undefined, { target });
    let render = (_: string): void => {};
    service.render = () =>
      new Promise((resolve) => {
        render = resolve;
      });
    const response = await serverOf(service).post(GENERATE, { messages: [{ role: 'user', content: 'Hi' }] });
    expect(response.status).toBe(200);
    render('<|assistant|><think>');
    expect(((await eventsOf(response)) as Json[])[0]).toMatchObject({ type: 'start', reasoning: true });
  });

  test('tells what was rejected, and what both models thought of it', async () => {
    const events: GenerationEvent[] = [startEvent()];
    events.push({ ...roundEvent([65, 66], 1, 67), position: 10, index: 0 });
    const top = [known(67, [67], Math.log(0.6)), known(66, [66], Math.log(0.25))];
    events.push({ ...textEvent('A', 'accepted'), logprobs: [known(65, [65], 0)] });
    events.push({ ...textEvent('C', 'recovered'), logprobs: [known(67, [67], Math.log(0.6), top)] });
    events.push(finishEvent(events));
    const frames = await framesOf(serverOf(plays(events)));
    expect(frames[3].tokens).toEqual([
      {
        id: 67,
        text: 'C',
        origin: 'recovered',
        target: 0.6,
        rejected: { id: 66, text: 'B', draft: 0.5, target: 0.25 },
        top: [
          { id: 67, text: 'C', target: 0.6 },
          { id: 66, text: 'B', target: 0.25 },
        ],
      },
    ]);
  });

  test('shows a character at the token that completes it', async () => {
    const events: GenerationEvent[] = [startEvent()];
    events.push({ ...roundEvent([1], 1, 2), position: 10, index: 0 });
    events.push({ ...textEvent('é', 'bonus'), logprobs: [known(1, [0xc3], -1), known(2, [0xa9], -1)] });
    events.push(finishEvent(events));
    const [, , text] = await framesOf(serverOf(plays(events)));
    expect(text.tokens).toMatchObject([
      { text: '', bytes: 'c3', origin: 'accepted' },
      { text: 'é', bytes: 'a9', origin: 'bonus' },
    ]);
  });

  test('keeps tokens and origins together when the answer goes back', async () => {
    const events: GenerationEvent[] = [startEvent()];
    events.push({ ...roundEvent([1, 2], 2, 3), position: 10, index: 0 });
    events.push({ ...textEvent('a', 'accepted'), logprobs: [known(1, [97], -1)] });
    events.push({ ...roundEvent([], 0, 4), position: 11, index: 0 });
    events.push({ ...textEvent('d', 'plain'), logprobs: [known(4, [100], -1)] });
    events.push(finishEvent(events));
    const frames = await framesOf(serverOf(plays(events)));
    expect(frames.flatMap(({ tokens }) => (Array.isArray(tokens) ? tokens : []))).toMatchObject([
      { text: 'a', origin: 'accepted' },
      { text: 'd', origin: 'plain' },
    ]);
  });

  test('keeps them together when the context loses its beginning', async () => {
    const events: GenerationEvent[] = [startEvent()];
    events.push({ ...roundEvent([1], 1, 2), position: 400 });
    events.push({ ...textEvent('a', 'accepted'), logprobs: [known(1, [97], -1)] });
    events.push({ ...roundEvent([3], 1, 4), position: 200 });
    const rest = [known(2, [98], -1), known(3, [99], -1), known(4, [100], -1)];
    events.push({ ...textEvent('bcd', 'bonus'), logprobs: rest });
    events.push(finishEvent(events));
    const frames = await framesOf(serverOf(plays(events)));
    const tokens = frames.flatMap(({ tokens }) => (Array.isArray(tokens) ? tokens : []));
    expect(tokens.map(({ text, origin }) => `${text} ${origin}`)).toEqual([
      'a accepted',
      'b bonus',
      'c accepted',
      'd bonus',
    ]);
  });

  test('tells of an error in its own shape', async () => {
    const server = serverOf(new FakeService(failsAfter(['a'], new OutriderError('backend_failed', 'it broke'))));
    expect((await framesOf(server)).at(-1)).toMatchObject({ type: 'error', error: { message: 'it broke' } });
  });
});

describe('what is asked', () => {
  test('is what OpenAI clients ask, with probabilities', async () => {
    const server = serverOf();
    await framesOf(server, {
      messages: [{ role: 'user', content: 'Hi' }],
      max_tokens: 3,
      speculative: { mode: 'main' },
    });
    expect(server.service.request).toMatchObject({ maxTokens: 3, mode: 'main', logprobs: 3 });
    await framesOf(server, { prompt: 'Hi', logprobs: 1 });
    expect(server.service.request).toMatchObject({ prompt: { text: 'Hi' }, logprobs: 1 });
  });

  test('may go on behind tokens or text of the answer', async () => {
    const server = serverOf();
    await framesOf(server, { prompt: 'Hi', resume: [1, 2], max_tokens: 5 });
    expect(server.service.request).toMatchObject({ resume: [1, 2], maxTokens: 7 });
    await framesOf(server, { prompt: 'Hi', resume: 'ab' });
    expect(server.service.request).toMatchObject({ resume: [97, 98] });
  });

  test.each([
    [{}, 'prompt'],
    [{ messages: 1 }, 'messages'],
    [{ prompt: ['a', 'b'] }, 'prompt'],
    [{ prompt: 'a', n: 2 }, 'prompt'],
    [{ prompt: 'a', resume: 1 }, 'resume'],
    [{ prompt: 'a', tools: [{}] }, 'tools'],
  ])('%j is refused', async (body, param) => {
    const response = await serverOf().post(GENERATE, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param } });
  });
});
