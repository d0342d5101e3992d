import { describe, expect, test } from 'vitest';
import { OutriderError } from '../../errors.js';
import { openai } from '../openai/index.js';
import { eventsOf, testServer } from '../testing/app.js';
import { FakeService, says } from '../testing/fake-service.js';
import { outrider } from './index.js';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
type Json = any;

const COMPARE = '/api/outrider/compare';
const MAIN = ['One', ' two', ' three'];
const DRAFT = ['One', ' too'];

/** Each side says its own; the draft's second token the target would not have written. */
function pair(): FakeService {
  const service = new FakeService((request, signal) => says(request.mode === 'draft' ? DRAFT : MAIN)(request, signal));
  const text = (index: number) => new TextEncoder().encode(DRAFT[index]);
  service.pieces = async (tokens) => tokens.map((_, i) => text(i));
  service.scoring = async ({ tokens, mode }) => ({
    tokens: tokens.map((token, i) => ({
      token,
      bytes: text(i),
      logprob: Math.log(0.5),
      rank: mode === 'draft' ? 0 : i,
      entropy: 1,
      probability: mode === 'draft' ? 1 : 1 - i,
      top: [{ token: 1, bytes: new TextEncoder().encode(' two'), logprob: Math.log(0.4) }],
    })),
    promptTokens: 4,
    cachedTokens: 0,
    ms: 5,
  });
  return service;
}

const serverOf = (service = pair()) => testServer({ service, dialects: [outrider, openai] });

describe('a comparison', () => {
  test('comes as messages: both texts, both ends, what the target thinks, done', async () => {
    const { post, service } = serverOf();
    const messages = (await eventsOf(await post(COMPARE, { prompt: 'Once', max_tokens: 9, seed: 5 }))) as Json[];
    expect(messages[0]).toEqual({
      type: 'start',
      seed: 5,
      sides: [
        { side: 'main', model: 'main' },
        { side: 'draft', model: 'draft' },
      ],
    });
    const textOf = (side: string) => messages.filter((one) => one.type === 'text' && one.side === side);
    expect(textOf('main').map(({ text, tokens }) => [text, tokens])).toEqual([
      ['One', 1],
      [' two', 3],
      [' three', 3],
    ]);
    const ends = messages.filter(({ type }) => type === 'end');
    expect(ends).toHaveLength(2);
    expect(ends.find(({ side }) => side === 'draft')).toMatchObject({
      text: 'One too',
      tokens: 2,
      finish_reason: 'stop',
      timings: { predictedPerSecond: 60 },
    });
    expect(messages.at(-2)).toMatchObject({
      type: 'comparison',
      divergence: { token: 1, character: 5 },
      agreement: { judged: 2, accepted: 1, expectedAcceptance: 0.5 },
      tokens: [
        { text: 'One', accepted: true, target: 0.5, draft: 0.5, wanted: null },
        { text: ' too', accepted: false, wanted: ' two' },
      ],
    });
    expect(messages.at(-1)).toEqual({ type: 'done' });
    expect(service.requests).toMatchObject([
      { mode: 'main', seed: 5, maxTokens: 9 },
      { mode: 'draft', writer: 'draft', seed: 5, maxTokens: 9 },
    ]);
  });

  test('is one object where no stream is asked for', async () => {
    const { post, service } = serverOf();
    const messages = [{ role: 'user', content: 'Hi' }];
    const response = await post(COMPARE, { messages, stream: false, temperature: 0.5, draft: 'draft' });
    const answer: Json = await response.json();
    expect(answer).toMatchObject({ seed: expect.any(Number), divergence: {}, agreement: { judged: 2 } });
    // The draft model is done first.
    expect(answer.sides.map(({ side, model, text }: Json) => [side, model, text])).toEqual([
      ['main', 'main', 'One two three'],
      ['draft', 'draft', 'One too'],
    ]);
    expect(service.request).toMatchObject({ prompt: { messages }, sampling: { temperature: 0.5 }, maxTokens: 256 });
  });

  const refusals: Record<string, [body: unknown, param: string | null, words: string]> = {
    'no prompt': [{}, 'prompt', 'expected either prompt or messages, got neither'],
    'two prompts': [{ prompt: 'a', messages: [] }, 'prompt', 'got both'],
    'a list': [{ prompt: ['a'] }, 'prompt', 'expected a string'],
    'an unknown draft model': [{ prompt: 'a', draft: 'nobody' }, 'draft', 'expected one of draft'],
    'a grammar': [{ prompt: 'a', grammar: 'root ::= "a"' }, 'grammar', 'does not support'],
    'a temperature below zero': [{ prompt: 'a', temperature: -1 }, 'temperature', 'temperature'],
    'a long prompt': [{ prompt: 'a'.repeat(5000) }, null, 'context'],
    'no object': [[], null, 'expected a JSON object'],
  };
  for (const [name, [body, param, words]] of Object.entries(refusals)) {
    test(`refuses ${name} in our own words, before it streams`, async () => {
      const response = await serverOf().post(COMPARE, body);
      expect(response.status).toBe(400);
      const { error }: Json = await response.json();
      expect(error).toMatchObject({ param });
      expect(error.message).toContain(words);
    });
  }

  test('tells of an error behind the first message as its last one', async () => {
    const service = pair();
    service.scoring = async () => {
      throw new OutriderError('backend_failed', 'it broke');
    };
    const messages = (await eventsOf(await serverOf(service).post(COMPARE, { prompt: 'Once' }))) as Json[];
    expect(messages.at(-1)).toMatchObject({ type: 'error', error: { message: 'it broke', code: 500 } });
  });

  test('ends on both sides when the client leaves', async () => {
    let pauses = 0;
    const service = new FakeService(
      says(Array(1000).fill('a'), async () => {
        pauses += 1;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }),
    );
    const response = await serverOf(service).post(COMPARE, { prompt: 'Once', max_tokens: 1000 });
    const reader = response.body!.getReader();
    await reader.read();
    await reader.cancel();
    await expect.poll(() => service.running).toBe(0);
    expect(pauses).toBeLessThan(500);
  });
});
