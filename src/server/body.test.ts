import { expect, test } from 'vitest';
import { testServer } from './testing/app.js';

const deep = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const message = '"role":"user","content":"Hi"';

test.each([
  ['a number', `{"messages":[{${message}}],"temperature":${deep(100_000)}}`],
  ['variables of the template', `{"messages":[{${message}}],"chat_template_kwargs":{"a":${deep(100_000)}}}`],
  ['a field that nobody knows', `{"messages":[{${message},"more":${deep(100_000)}}]}`],
])('a body that is nested too deep in %s is refused in words', async (_, body) => {
  const response = await testServer().post('/v1/chat/completions', body);
  expect(response.status).toBe(400);
  expect(await response.text()).toContain('at most 100 levels');
});
