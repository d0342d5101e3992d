import { expect, test } from 'vitest';
import { factsOfBody } from './recorded-request.js';

const plain = { messages: undefined, maxTokens: undefined, effort: undefined, structured: false };

test('a chat', () => {
  const body = {
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'Look' }, { type: 'image_url' }, 'here'] },
      { role: 'assistant', content: null },
    ],
    max_tokens: 30,
    max_completion_tokens: 20,
    reasoning_effort: 'low',
  };
  expect(factsOfBody(body)).toEqual({
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Look\n\nhere' },
      { role: 'assistant', content: '' },
    ],
    text: 'Be brief.\nLook\n\nhere\n',
    maxTokens: 20,
    effort: 'low',
    structured: false,
  });
});

test.each([
  [{ prompt: 'Once', n_predict: -1 }, { text: 'Once' }],
  [
    { prompt: ['Once', 'Twice'], n_predict: 5 },
    { text: 'Once\nTwice', maxTokens: 5 },
  ],
  [{ prompt: [1, 2, 3] }, { text: '\n\n' }],
  [
    { prompt: ' upon', memory: 'Once', max_length: 80 },
    { text: 'Once upon', maxTokens: 80 },
  ],
  [
    { prompt: 'a', json_schema: { type: 'object' } },
    { text: 'a', structured: true },
  ],
  [{ prompt: 'a', json_schema: {} }, { text: 'a' }],
  [
    { prompt: 'a', grammar: 'root ::= "a"' },
    { text: 'a', structured: true },
  ],
  [
    { prompt: 'a', response_format: { type: 'json_object' } },
    { text: 'a', structured: true },
  ],
  [{ prompt: 'a', response_format: { type: 'text' }, tools: [] }, { text: 'a' }],
  [{ prompt: 'a', tools: [{}], tool_choice: 'none' }, { text: 'a' }],
  [
    { prompt: 'a', tools: [{}] },
    { text: 'a', structured: true },
  ],
])('%j', (body, facts) => {
  expect(factsOfBody(body)).toEqual({ ...plain, ...facts });
});

test.each([undefined, null, 5, 'text', [], {}, { messages: 'Hi' }, { input: 'Hi' }])('%j is no request', (body) => {
  expect(factsOfBody(body)).toBeUndefined();
});
