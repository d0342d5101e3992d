import { describe, expect, test } from 'vitest';
import { llamacpp } from './llamacpp/index.js';
import { openai } from './openai/index.js';
import { testServer } from './testing/app.js';
import { FakeService } from './testing/fake-service.js';

const serverOf = () =>
  testServer({ service: new FakeService(undefined, { parallel: 2, queue: 3 }), dialects: [llamacpp, openai] });
const messages = [{ role: 'user', content: 'Hi' }];

describe('choices', () => {
  test.each<[string, string, object]>([
    ['of a chat', '/v1/chat/completions', { messages, n: 5 }],
    ['of a text', '/v1/completions', { prompt: 'a', n: 5 }],
    ['of llama-server’s', '/completion', { prompt: 'a', n_cmpl: 5 }],
    ['of two prompts in mode auto', '/v1/completions', { prompt: ['a', 'b'], n: 5, 'speculative.mode': 'auto' }],
  ])('%s are served where there are places and a queue for them', async (_, path, body) => {
    expect((await serverOf().post(path, body)).status).toBe(200);
  });

  test.each<[string, string, object, string, string]>([
    ['of a chat', '/v1/chat/completions', { messages, n: 6 }, 'n', '5 choices, got 6'],
    ['of a stream', '/v1/chat/completions', { messages, n: 6, stream: true }, 'n', '5 choices, got 6'],
    ['of a text', '/v1/completions', { prompt: ['a', 'b'], n: 3 }, 'n', '5 prompts times choices, got 6'],
    ['of llama-server’s', '/completion', { prompt: 'a', n_cmpl: 6 }, 'n_cmpl', '5 choices, got 6'],
    ['as many prompts', '/completion', { prompt: Array(6).fill('a') }, 'prompt', '5 prompts times choices, got 6'],
    ['of mode auto', '/v1/chat/completions', { messages, n: 6, 'speculative.mode': 'auto' }, 'n', '5 choices, got 6'],
  ])('%s that can never be there at once are refused', async (_, path, body, param, words) => {
    const server = serverOf();
    const response = await server.post(path, body);
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: { param: string; message: string } };
    expect(error.param).toBe(param);
    expect(error.message).toContain(`expected at most ${words}`);
    expect(server.service.requests).toEqual([]);
  });
});
