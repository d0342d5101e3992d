import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, generateText, streamText } from 'ai';
import { describe, expect, test } from 'vitest';
import { OutriderError } from '../../src/errors.js';
import { FakeService, failsAfter, says } from '../../src/server/testing/fake-service.js';
import { pause, served } from './served.js';

async function model(...parameters: Parameters<typeof served>) {
  const provider = createOpenAICompatible({
    name: 'outrider',
    baseURL: await served(...parameters),
    includeUsage: true,
  });
  return provider('main');
}

describe('the AI SDK', () => {
  test('generates a text and shows what was accepted', async () => {
    const result = await generateText({ model: await model(), prompt: 'Hi', seed: 3, maxOutputTokens: 50 });
    expect(result.text).toBe('Hello, world!');
    expect(result.finishReason).toBe('stop');
    expect(result.usage.outputTokens).toBe(4);
    expect(result.providerMetadata?.outrider).toMatchObject({
      acceptedPredictionTokens: 1,
      rejectedPredictionTokens: 0,
    });
  });

  test('streams a text, with heartbeats between the events', async () => {
    const service = new FakeService(says(['Hello', ', ', 'world', '!'], pause(30)));
    const result = streamText({ model: await model(service, { heartbeatMs: 5 }), prompt: 'Hi' });
    let text = '';
    for await (const piece of result.textStream) text += piece;
    expect(text).toBe('Hello, world!');
    expect(await result.finishReason).toBe('stop');
    expect((await result.providerMetadata)?.outrider).toMatchObject({ acceptedPredictionTokens: 1 });
  });

  test('tells reasoning from text', async () => {
    const service = () => new FakeService(says(['<think>', 'Hm', '.', '</think>', 'Four', '.']));
    const whole = await generateText({ model: await model(service()), prompt: 'Hi' });
    expect([whole.reasoningText, whole.text]).toEqual(['Hm.', 'Four.']);
    const streamed = streamText({ model: await model(service()), prompt: 'Hi' });
    await streamed.consumeStream();
    expect([await streamed.reasoningText, await streamed.text]).toEqual(['Hm.', 'Four.']);
  });

  test('does not ask again for what is refused', async () => {
    const service = new FakeService();
    const asked = generateText({ model: await model(service), prompt: 'Hi', topP: 7 });
    await expect(asked).rejects.toSatisfy((error) => APICallError.isInstance(error) && error.statusCode === 400);
    expect(service.requests).toHaveLength(1);
  });

  test('hears of an error in the middle of a stream', async () => {
    const script = failsAfter(['Hel'], new OutriderError('backend_failed', 'the pass failed'));
    const errors: unknown[] = [];
    const result = streamText({
      model: await model(new FakeService(script)),
      prompt: 'Hi',
      onError: ({ error }) => void errors.push(error),
    });
    const parts: string[] = [];
    for await (const part of result.fullStream) parts.push(part.type);
    expect(parts).toContain('error');
    expect(JSON.stringify(errors)).toContain('the pass failed');
  });

  test('stops a generation by its signal', async () => {
    const service = new FakeService(says(Array(10_000).fill('x'), pause(2)));
    const abort = new AbortController();
    const result = streamText({ model: await model(service), prompt: 'Hi', abortSignal: abort.signal });
    for await (const _ of result.textStream) abort.abort();
    await expect.poll(() => service.running).toBe(0);
  });
});
