import OpenAI, { APIError } from 'openai';
import { describe, expect, test } from 'vitest';
import { OutriderError } from '../../src/errors.js';
import { FakeService, failsAfter, says } from '../../src/server/testing/fake-service.js';
import { pause, served } from './served.js';

const messages = [{ role: 'user' as const, content: 'Hi' }];

async function client(...parameters: Parameters<typeof served>): Promise<OpenAI> {
  return new OpenAI({ baseURL: await served(...parameters), apiKey: 'secret' });
}

describe('the openai package', () => {
  test('gets an answer', async () => {
    const openai = await client();
    const { data, request_id } = await openai.chat.completions.create({ model: 'main', messages }).withResponse();
    expect(data.choices[0]?.message.content).toBe('Hello, world!');
    expect(data.choices[0]?.finish_reason).toBe('stop');
    expect(data.usage?.completion_tokens_details?.accepted_prediction_tokens).toBe(1);
    expect(request_id).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('gets a stream, with heartbeats between the events', async () => {
    const openai = await client(new FakeService(says(['Hello', ', ', 'world', '!'], pause(30))), { heartbeatMs: 5 });
    const stream = await openai.chat.completions.create({
      model: 'main',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe('Hello, world!');
    expect(usage?.total_tokens).toBeGreaterThan(4);
  });

  test('puts a stream together', async () => {
    const openai = await client();
    const stream = openai.chat.completions.stream({ model: 'main', messages, logprobs: true, top_logprobs: 2, n: 2 });
    const completion = await stream.finalChatCompletion();
    for (const choice of completion.choices) {
      expect(choice.message).toMatchObject({ role: 'assistant', content: 'Hello, world!' });
      expect(choice.logprobs?.content?.map(({ token }) => token).join('')).toBe('Hello, world!');
    }
    expect(completion.choices).toHaveLength(2);
  });

  test('predicts outputs', async () => {
    const service = new FakeService();
    const openai = await client(service);
    await openai.chat.completions.create({
      model: 'main',
      messages,
      prediction: { type: 'content', content: 'Hello' },
    });
    expect(service.request.prediction).toBe('Hello');
  });

  test('completes a text, streamed and not', async () => {
    const openai = await client();
    const { choices } = await openai.completions.create({ model: 'main', prompt: ['Once', 'Twice'], logprobs: 2 });
    expect(choices.map(({ text }) => text)).toEqual(['Hello, world!', 'Hello, world!']);
    expect(choices[0]?.logprobs?.tokens).toHaveLength(4);
    let text = '';
    for await (const chunk of await openai.completions.create({ model: 'main', prompt: 'Once', stream: true })) {
      text += chunk.choices[0]?.text ?? '';
    }
    expect(text).toBe('Hello, world!');
  });

  test('lists models', async () => {
    const openai = await client();
    const ids: string[] = [];
    for await (const { id } of openai.models.list()) ids.push(id);
    expect(ids).toEqual(['main', 'main:main', 'main:auto', 'draft']);
    expect(await openai.models.retrieve('main:main')).toMatchObject({ id: 'main:main' });
  });

  test('has its errors by kind, and asks once only', async () => {
    const service = new FakeService();
    const openai = await client(service);
    const wrong = openai.chat.completions.create({ model: 'main', messages, temperature: -1 });
    await expect(wrong).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    await expect(wrong).rejects.toMatchObject({ status: 400, param: 'temperature', type: 'invalid_request_error' });
    expect(service.requests).toHaveLength(1);
    const long = [{ role: 'user' as const, content: 'x'.repeat(9000) }];
    await expect(openai.chat.completions.create({ model: 'main', messages: long, stream: true })).rejects.toMatchObject(
      {
        status: 400,
        type: 'exceed_context_size_error',
      },
    );
    const tools = [{ type: 'function' as const, function: { name: 'f' } }];
    await expect(openai.chat.completions.create({ model: 'main', messages, tools })).rejects.toMatchObject({
      param: 'tools',
    });
  });

  test('does not repeat what the engine died of', async () => {
    const service = new FakeService(failsAfter([], new OutriderError('engine_died', 'the engine died over it')));
    const openai = await client(service);
    await expect(openai.chat.completions.create({ model: 'main', messages })).rejects.toMatchObject({ status: 500 });
    expect(service.requests).toHaveLength(1);
  });

  test('is let in by its key', async () => {
    const openai = await client(new FakeService(), { apiKeys: ['secret'] });
    expect((await openai.models.list()).data).toHaveLength(4);
    const stranger = new OpenAI({ baseURL: openai.baseURL, apiKey: 'wrong' });
    await expect(stranger.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  });

  test('hears of an error in the middle of a stream', async () => {
    const script = failsAfter(['Hel', 'lo'], new OutriderError('backend_failed', 'the pass failed'));
    const openai = await client(new FakeService(script));
    let text = '';
    const read = async () => {
      for await (const chunk of await openai.chat.completions.create({ model: 'main', messages, stream: true })) {
        text += chunk.choices[0]?.delta.content ?? '';
      }
    };
    await expect(read()).rejects.toBeInstanceOf(APIError);
    expect(text).toBe('Hello');
  });

  test('stops a generation by leaving its stream', async () => {
    const service = new FakeService(says(Array(10_000).fill('x'), pause(2)));
    const openai = await client(service);
    const stream = await openai.chat.completions.create({ model: 'main', messages, stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    await expect.poll(() => service.running).toBe(0);
  });
});
