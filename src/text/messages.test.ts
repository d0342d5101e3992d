import { describe, expect, it } from 'vitest';
import { MessageError, normaliseMessages } from './messages.js';

const tooDeep = `{"a":${'['.repeat(1000)}${']'.repeat(1000)}}`;

describe('normaliseMessages', () => {
  it.each([[null], [undefined], [''], [[]]])('makes the content %j the empty text', (content) => {
    const message = content === undefined ? { role: 'user' } : { role: 'user', content };
    expect(normaliseMessages([message])).toEqual([{ role: 'user', content: '' }]);
  });

  it('joins parts of text by line breaks', () => {
    const content = ['a', { type: 'text', text: 'b' }];
    expect(normaliseMessages([{ role: 'tool', content }])).toEqual([{ role: 'tool', content: 'a\nb' }]);
  });

  it('leaves out fields that are null or empty', () => {
    const nulls = { name: null, tool_calls: null, tool_call_id: null, reasoning_content: null };
    expect(normaliseMessages([{ role: 'user', content: 'a', ...nulls }])).toEqual([{ role: 'user', content: 'a' }]);
    expect(normaliseMessages([{ role: 'assistant', content: 'a', tool_calls: [] }])[0]).not.toHaveProperty(
      'tool_calls',
    );
  });

  it.each([
    ['{"a": [1, null]}', { a: [1, null] }],
    [{ a: 1 }, { a: 1 }],
    ['', {}],
    [null, {}],
    ['{"a": ', '{"a": '],
    ['[1]', '[1]'],
    [tooDeep, tooDeep],
  ])('reads the arguments %j as %j', (given, expected) => {
    const [message] = normaliseMessages([
      { role: 'assistant', tool_calls: [{ id: '1', function: { name: 'f', arguments: given } }] },
    ]);
    expect(message?.tool_calls).toEqual([{ id: '1', type: 'function', function: { name: 'f', arguments: expected } }]);
  });

  it('names what it cannot take', () => {
    const user = { role: 'user', content: 'a' };
    expect(() => normaliseMessages([])).toThrow(MessageError);
    expect(() => normaliseMessages([user, { role: 'narrator' }])).toThrow(
      /messages\[1\]\.role is "narrator"; use one of/,
    );
    expect(() => normaliseMessages([{ role: 'user', content: ['a', { type: 'image_url' }] }])).toThrow(
      /messages\[0\]\.content\[1\] is of type "image_url"/,
    );
  });
});
