import { expect, test } from 'vitest';
import { openai } from '../openai/index.js';
import { testServer } from '../testing/app.js';
import { llamacpp } from './index.js';

const serverOf = () => testServer({ dialects: [llamacpp, openai] });

test.each<[string, object, object]>([
  ['/tokenize', { content: 'ab' }, { tokens: [97, 98] }],
  ['/tokenize', {}, { tokens: [] }],
  ['/tokenize', { content: 'é', with_pieces: true }, { tokens: [195, 169].map((id) => ({ id, piece: [id] })) }],
  ['/tokenize', { content: 'a', with_pieces: true }, { tokens: [{ id: 97, piece: 'a' }] }],
  ['/detokenize', { tokens: [195, 169] }, { content: 'é' }],
  ['/apply-template', { messages: [{ role: 'user', content: 'Hi' }] }, { prompt: '<|user|>Hi<|end|><|assistant|>' }],
])('%s %j', async (path, body, answer) => {
  const response = await serverOf().post(path, body);
  expect(await response.json()).toEqual(answer);
});

test.each<[string, object]>([
  ['/tokenize', { content: 5 }],
  ['/detokenize', { tokens: 'a' }],
  ['/detokenize', { tokens: [256] }],
  ['/apply-template', {}],
  ['/apply-template', { messages: [{ role: 'user', content: 'Hi' }], tools: [{ type: 'function' }] }],
  ['/apply-template', { messages: [{ role: 'user', content: 'Hi' }], add_generation_prompt: false }],
])('%s refuses %j', async (path, body) => {
  expect((await serverOf().post(path, body)).status).toBe(400);
});

test('/props and /slots tell what is loaded', async () => {
  const server = serverOf();
  expect(await (await server.get('/props')).json()).toMatchObject({
    total_slots: 1,
    model_path: '/models/main.gguf',
    chat_template: '{{ messages }}',
    default_generation_settings: { n_ctx: 4096 },
  });
  expect(await (await server.get('/slots')).json()).toMatchObject([{ id: 0, speculative: true, is_processing: false }]);
});

test('/slots is off with --no-slots', async () => {
  const response = await testServer({ dialects: [llamacpp, openai], settings: { slots: false } }).get('/slots');
  expect(response.status).toBe(501);
  expect(await response.json()).toMatchObject({ error: { type: 'not_supported_error' } });
});
