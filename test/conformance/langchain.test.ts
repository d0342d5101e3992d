import { ChatOpenAI, OpenAI } from '@langchain/openai';
import { describe, expect, test } from 'vitest';
import { FakeService } from '../../src/server/testing/fake-service.js';
import { served } from './served.js';

async function options(...parameters: Parameters<typeof served>) {
  return { model: 'main', apiKey: 'secret', configuration: { baseURL: await served(...parameters) } };
}

describe('LangChain', () => {
  test('invokes a chat', async () => {
    const service = new FakeService();
    const chat = new ChatOpenAI({ ...(await options(service)), temperature: 0, stop: ['END'] });
    const answer = await chat.invoke([
      ['system', 'Be brief.'],
      ['human', 'Hi'],
    ]);
    expect(answer.content).toBe('Hello, world!');
    expect(answer.usage_metadata).toMatchObject({ output_tokens: 4 });
    expect(answer.response_metadata.finish_reason).toBe('stop');
    expect(service.request).toMatchObject({ sampling: { temperature: 0 }, stop: ['END'] });
  });

  test('streams a chat with its usage', async () => {
    const chat = new ChatOpenAI(await options());
    let text = '';
    let outputTokens = 0;
    for await (const chunk of await chat.stream('Hi')) {
      text += chunk.content;
      outputTokens += chunk.usage_metadata?.output_tokens ?? 0;
    }
    expect(text).toBe('Hello, world!');
    expect(outputTokens).toBe(4);
  });

  test('has log-probabilities', async () => {
    const chat = new ChatOpenAI({ ...(await options()), logprobs: true, topLogprobs: 2 });
    const { response_metadata } = await chat.invoke('Hi');
    expect(response_metadata.logprobs.content.map(({ token }: { token: string }) => token).join('')).toBe(
      'Hello, world!',
    );
  });

  test('completes a text', async () => {
    const completion = new OpenAI(await options());
    expect(await completion.invoke('Once')).toBe('Hello, world!');
  });

  test('knows a prompt that is too long', async () => {
    const chat = new ChatOpenAI({ ...(await options()), maxRetries: 0 });
    await expect(chat.invoke('x'.repeat(9000))).rejects.toThrow(/maximum context length/);
  });
});
